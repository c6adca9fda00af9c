"""The Keycloak that the demo runs on: embedded, or one that is running already."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import requests

from exampleproject.demo.failure import DemoFailed
from exampleproject.environment import ROOT
from kc_exchange.testing import EmbeddedKeycloak

if TYPE_CHECKING:
    from collections.abc import Iterator

REALM_FILE = ROOT / "exampleproject/keycloak/shop-realm.json"
REALM = "shop"
_SECONDS = 5
_OK, _NOT_FOUND = 200, 404


@contextmanager
def embedded() -> Iterator[str]:
    """Serve the demo's realm from this process; give its issuer URL."""
    with EmbeddedKeycloak(REALM_FILE, features={"token-exchange"}) as keycloak:
        yield keycloak.issuer(REALM)


def issuer_at(url: str) -> str:
    """Return the issuer URL of the realm `shop` on a running Keycloak.

    Raises:
        DemoFailed: there is none, or it is not Keycloak, or has no such realm.
    """
    base = url.rstrip("/")
    if not base.startswith(("http://", "https://")):
        raise DemoFailed(
            f"{url!r} is not the address of a Keycloak.",
            "Begin it with http:// or https://, as in http://127.0.0.1:8080.",
        )
    document = _discovery(f"{base}/realms/{REALM}")
    issuer = document.get("issuer")
    if not isinstance(issuer, str):
        raise DemoFailed(
            f"What answers at {base} is not Keycloak.",
            "Give Keycloak's own address, as in --keycloak http://127.0.0.1:8080.",
        )
    return issuer


def accounts() -> list[tuple[str, str, str]]:
    """Return name, password and roles of the people in the realm."""
    users = json.loads(REALM_FILE.read_text(encoding="utf-8"))["users"]
    return [
        (
            user["username"],
            user["credentials"][0]["value"],
            ", ".join(r for r in user["realmRoles"] if not r.startswith("default-")),
        )
        for user in users
    ]


def _discovery(realm_url: str) -> dict[str, Any]:
    address = f"{realm_url}/.well-known/openid-configuration"
    try:
        with requests.Session() as session:
            session.trust_env = False
            reply = session.get(address, timeout=_SECONDS)
        if reply.status_code == _OK:
            document = reply.json()
            return document if isinstance(document, dict) else {}
    except requests.JSONDecodeError:
        return {}
    except (requests.RequestException, ValueError):
        raise DemoFailed(
            f"No Keycloak answers at {realm_url.partition('/realms/')[0]}.",
            "Start it (kc.sh start-dev --features=token-exchange --http-port=8080), or "
            "leave --keycloak out: then the demo brings its own.",
        ) from None
    if reply.status_code == _NOT_FOUND:
        raise DemoFailed(
            f"This Keycloak has no realm {REALM!r}.",
            f"Import it from {REALM_FILE.relative_to(ROOT)}: in the admin console, "
            "Create realm > Browse; or start Keycloak with the file in data/import/ "
            "and --import-realm.",
        )
    raise DemoFailed(
        f"Keycloak answers {reply.status_code} for the realm {REALM!r}.",
        "Read its log; the realm may be disabled, or ask for https.",
    )
