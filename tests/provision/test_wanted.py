"""What the settings want of a realm for its own users."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kc_exchange.provision.documents import named, settled
from tests.provision.company import NOWHERE, Company
from tests.provision.wants import (
    ACME,
    SUPPORT,
    audiences,
    client,
    clients,
    of,
    part,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_realm__is_on_and_records() -> None:
    acme = of()["acme"]

    assert settled(acme.document) | {"clients": []} == {
        "realm": "acme",
        "enabled": True,
        "accessTokenLifespan": 300,
        "eventsEnabled": True,
        "adminEventsEnabled": True,
        "clients": [],
    }


def test_realm__of_several_aliases_is_one() -> None:
    found = of(support=SUPPORT)

    assert list(found) == ["acme"]
    assert clients(found["acme"]) == {"app", "app-support"}


def test_realm__name_is_decoded() -> None:
    strange = {**ACME, "ISSUER": "https://id.example/realms/my%20realm"}
    assert list(of(other=strange)) == ["acme", "my realm"]


def test_requester__without_downstreams_has_no_switch() -> None:
    """A client that people log in at asks for no exchange."""
    app = client(of()["acme"], "app")

    assert app["clientAuthenticatorType"] == "client-secret"
    assert app["secret"] == ACME["CLIENT_SECRET"]
    assert (app["publicClient"], app["consentRequired"]) == (False, False)
    assert app["attributes"] == {}


def test_requester__without_credential_is_a_name() -> None:
    """A project that only takes tokens is what tokens are for, and no more."""
    bare = {key: value for key, value in ACME.items() if key != "CLIENT_SECRET"}
    found = of(api={**bare, "CLIENT_ID": "orders-api"})["acme"]

    assert client(found, "orders-api") == {"clientId": "orders-api", "enabled": True}
    made = named(found.whole["clients"], "clients", "orders-api")
    assert made is not None
    assert (made["standardFlowEnabled"], made["publicClient"]) == (False, False)


def test_requester__login_is_not_touched() -> None:
    """Flows and redirect URIs are a new client's; whoever changes them may."""
    found = of({"SCOPES": ["orders:read"]})["acme"]

    assert not {"standardFlowEnabled", "redirectUris"} & set(client(found, "app"))
    made = named(found.whole["clients"], "clients", "app")
    assert made is not None
    assert (made["standardFlowEnabled"], made["redirectUris"]) == (False, [])


def test_exchange__with_scopes() -> None:
    found = of({"SCOPES": ["orders:read", "orders:write"]})["acme"]

    app = client(found, "app")
    assert app["attributes"] == {"standard.token.exchange.enabled": "true"}
    assert app["optionalClientScopes"] == ["orders:read", "orders:write"]
    assert audiences(found, "orders:read") == ["orders-api"]
    scope = part(found, "clientScopes", "orders:read")
    assert scope["attributes"] == {"include.in.token.scope": "true"}
    assert client(found, "orders-api")["enabled"] is True


def test_exchange__without_scopes_needs_a_default_one() -> None:
    """No token names it: a scope that was not asked for would be refused."""
    found = of({"AUDIENCE": "orders"})["acme"]

    assert client(found, "app")["defaultClientScopes"] == ["orders"]
    scope = part(found, "clientScopes", "orders")
    assert scope["attributes"] == {"include.in.token.scope": "false"}
    assert audiences(found, "orders") == ["orders"]


@pytest.mark.parametrize("scope", ["openid", "profile", "offline_access", "roles"])
def test_exchange__leaves_scopes_of_every_realm_alone(scope: str) -> None:
    """An audience mapper in `profile` would be in everybody's tokens."""
    found = of({"SCOPES": [scope, "orders:read"]})["acme"]

    assert [s["name"] for s in found.document["clientScopes"]] == ["orders:read"]


def test_exchange__only_makes_the_realms_own_default_scopes() -> None:
    """Keycloak refuses to issue one that it does not know; what is in it is yours."""
    own = {**ACME, "DEFAULT_SCOPES": ["openid", "shipping"]}
    raw = {"SCOPES": ["shipping", "orders:read"]}
    found = of(raw, default=own)["acme"]

    scopes = found.document["clientScopes"]
    assert [s["name"] for s in scopes] == ["shipping", "orders:read"]
    assert set(scopes[0]) == {"name", "protocol"}
    app = client(found, "app")
    assert app["defaultClientScopes"] == ["shipping"]
    assert app["optionalClientScopes"] == ["orders:read"]


def test_exchange__for_users_of_each_realm_with_hosts() -> None:
    globex = {
        **ACME,
        "ISSUER": "https://id.example/realms/globex",
        "HOSTS": ["globex.example"],
    }
    quiet = {**ACME, "ISSUER": "https://id.example/realms/quiet"}

    found = of({"SCOPES": ["orders:read"]}, globex=globex, quiet=quiet)

    assert "orders-api" in clients(found["acme"]) & clients(found["globex"])
    assert clients(found["quiet"]) == {"app"}


def test_exchange__by_another_client_of_the_realm() -> None:
    """Tokens that people got at the login must name the client that exchanges."""
    found = of({"REALM": "second"}, second={**ACME, "CLIENT_ID": "second"})["acme"]

    assert client(found, "second")["attributes"] == {
        "standard.token.exchange.enabled": "true"
    }
    assert client(found, "app")["defaultClientScopes"] == ["second"]
    assert audiences(found, "second") == ["second"]


def test_exchange__with_an_actor_needs_a_service_account() -> None:
    found = of({"ACTOR": "service-account"})["acme"]

    assert client(found, "app")["serviceAccountsEnabled"] is True


def test_two_downstreams__may_share_a_scope() -> None:
    one = {"BASE_URL": NOWHERE, "SCOPES": ["read"]}
    found = of(more={"DOWNSTREAMS": {"orders-api": one, "billing-api": one}})["acme"]

    assert audiences(found, "read") == ["orders-api", "billing-api"]


def test_service_account__needs_no_switch() -> None:
    found = of({"STRATEGY": "service-account", "SCOPES": ["reports"]})["acme"]

    app = client(found, "app")
    assert app["serviceAccountsEnabled"] is True
    assert app["optionalClientScopes"] == ["reports"]
    assert app["attributes"] == {}


def test_forward__asks_keycloak_for_nothing() -> None:
    assert clients(of({"STRATEGY": "forward"})["acme"]) == {"app"}


def test_realm_file__has_the_last_word(tmp_path: Path) -> None:
    company = Company("https://id.example", tmp_path)
    company.people = {
        "default": {
            "accessTokenLifespan": 20,
            "clients": [
                {
                    "clientId": "app",
                    "fullScopeAllowed": False,
                    "attributes": {"access.token.lifespan": "20"},
                }
            ],
        },
        "support": {"displayName": "Acme"},
    }

    acme = company.wanted()["company-acme"]

    assert acme.document["accessTokenLifespan"] == 20
    assert acme.document["displayName"] == "Acme"
    app = client(acme, "app")
    assert app["fullScopeAllowed"] is False
    assert app["attributes"]["access.token.lifespan"] == "20"


def test_no_secret__in_a_repr(tmp_path: Path) -> None:
    found = Company("https://id.example", tmp_path).wanted()

    assert "planted" not in repr(found)
