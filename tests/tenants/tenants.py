"""Two tenants: realms of one Keycloak, with people and clients of the same names."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import requests

from kc_exchange.testing.pytest_plugin import BUNDLED

if TYPE_CHECKING:
    from kc_exchange.testing import EmbeddedKeycloak

TENANTS = ("acme", "globex")
PEOPLE = ("alice", "bob")
LIFESPAN = 3
"""Seconds; so that logins are refreshed while the tests run."""


def realm(tenant: str) -> dict[str, Any]:
    """Return the realm of a tenant: the bundled one, with a secret of its own."""
    found: dict[str, Any] = copy.deepcopy(json.loads(BUNDLED.read_text()))
    text = json.dumps(found).replace("default-roles-test", f"default-roles-{tenant}")
    found = json.loads(text) | {"realm": tenant, "accessTokenLifespan": LIFESPAN}
    for user in found["users"]:
        del user["id"]
    for client in found["clients"]:
        client["secret"] = secret(tenant)
        client["redirectUris"] = [f"http://{host(tenant)}/*"]
    return found


def secret(tenant: str) -> str:
    """Return the secret of every client of a tenant."""
    return f"the-secret-of-{tenant}"


def settings_for(keycloak: EmbeddedKeycloak, service: str, **more: Any) -> Any:
    """Return KC_EXCHANGE of a project with both tenants, by host."""
    return {
        "REALM_OF_REQUEST": "kc_exchange.capture.realm_by_host",
        "REALMS": {
            alias: {
                "ISSUER": keycloak.issuer(tenant),
                "CLIENT_ID": "django-app",
                "CLIENT_SECRET": secret(tenant),
                "HOSTS": [host(tenant)],
                "DEADLINE": 10,
            }
            for alias, tenant in zip(("default", "globex"), TENANTS, strict=True)
        },
        "DOWNSTREAMS": {
            "orders-api": {"BASE_URL": service, "SCOPES": ["orders:read"]},
            "billing-api": {"BASE_URL": service, "SCOPES": ["billing:read"]},
        },
        **more,
    }


def host(tenant: str) -> str:
    """Return the host name of a tenant."""
    return f"{tenant}.example"


def other(tenant: str) -> str:
    """Return the tenant that it is not."""
    return next(name for name in TENANTS if name != tenant)


def log_in(keycloak: EmbeddedKeycloak, tenant: str, person: str) -> dict[str, Any]:
    """Return the reply to a login: access and refresh token."""
    form = {
        "grant_type": "password",
        "client_id": "django-app",
        "client_secret": secret(tenant),
        "username": person,
        "password": f"{person}-password",
        "scope": "openid",
    }
    address = f"{keycloak.issuer(tenant)}/protocol/openid-connect/token"
    with requests.Session() as http:
        http.trust_env = False
        reply = http.post(address, data=form, timeout=10)
    assert reply.status_code == 200, reply.json()
    found: dict[str, Any] = reply.json()
    return found
