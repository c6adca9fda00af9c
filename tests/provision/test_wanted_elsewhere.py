"""What is wanted for users who are taken to another realm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.provision.documents import settled
from tests.provision.wants import (
    ACME,
    SHARED,
    audiences,
    client,
    clients,
    of,
    part,
)

if TYPE_CHECKING:
    from kc_exchange.provision.draft import Wanted


def elsewhere(strategy: str, **more: Any) -> dict[str, Wanted]:
    downstream = {
        "STRATEGY": strategy,
        "REALM": "shared",
        "SUBJECT_ISSUER": "tenant",
        "SCOPES": ["orders:read"],
        **more,
    }
    return of(downstream, shared=SHARED)


@pytest.mark.parametrize("strategy", ["cross-realm", "jwt-grant"])
def test_elsewhere__a_provider_stands_for_the_users_realm(strategy: str) -> None:
    found = elsewhere(strategy)

    provider = settled(part(found["shared"], "identityProviders", "tenant"))
    assert (provider["providerId"], provider["enabled"]) == ("oidc", True)
    config = provider["config"]
    base = "https://id.example/realms/acme/protocol/openid-connect"
    assert config["issuer"] == "https://id.example/realms/acme"
    assert config["userInfoUrl"] == f"{base}/userinfo"
    assert config["jwksUrl"] == f"{base}/certs"
    assert (config["validateSignature"], config["useJwksUrl"]) == ("true", "true")


@pytest.mark.parametrize("strategy", ["cross-realm", "jwt-grant"])
def test_elsewhere__the_provider_has_a_client_of_its_own(strategy: str) -> None:
    """The secret of the tenant's app never leaves its realm."""
    found = elsewhere(strategy)

    broker = client(found["acme"], "shared-broker")
    assert broker["redirectUris"] == [
        "https://id.example/realms/shared/broker/tenant/endpoint"
    ]
    assert broker["standardFlowEnabled"] is True
    provider = part(found["shared"], "identityProviders", "tenant")
    assert provider["config"]["clientId"] == "shared-broker"
    assert ACME["CLIENT_SECRET"] not in str(found["shared"].whole)


@pytest.mark.parametrize("strategy", ["cross-realm", "jwt-grant"])
def test_elsewhere__the_requester_there_narrows(strategy: str) -> None:
    hub = client(elsewhere(strategy)["shared"], "hub")

    assert hub["attributes"]["standard.token.exchange.enabled"] == "true"
    assert hub["optionalClientScopes"] == ["orders:read"]


def test_cross_realm__needs_a_permission() -> None:
    found = elsewhere("cross-realm")

    assert found["shared"].permitted == {"tenant": {"hub"}}
    assert found["acme"].permitted == {}
    assert "https://id.example/realms/shared" not in clients(found["acme"])


def test_jwt_grant__needs_no_permission() -> None:
    found = elsewhere("jwt-grant", ASSERTION_SCOPES=["to-shared"])

    assert found["shared"].permitted == {}
    provider = part(found["shared"], "identityProviders", "tenant")
    assert provider["config"]["jwtAuthorizationGrantEnabled"] == "true"
    attributes = client(found["shared"], "hub")["attributes"]
    assert attributes["oauth2.jwt.authorization.grant.enabled"] == "true"
    assert attributes["oauth2.jwt.authorization.grant.idp"] == "tenant"


def test_jwt_grant__the_assertion_is_an_exchanged_token() -> None:
    """Its audience is the other realm's issuer, for which there is a client."""
    found = elsewhere("jwt-grant", ASSERTION_SCOPES=["to-shared"])["acme"]

    issuer = "https://id.example/realms/shared"
    assert client(found, issuer)["enabled"] is True
    assert audiences(found, "to-shared") == [issuer]
    app = client(found, "app")
    assert app["optionalClientScopes"] == ["to-shared"]
    assert app["attributes"]["standard.token.exchange.enabled"] == "true"


def test_jwt_grant__without_assertion_scopes() -> None:
    found = elsewhere("jwt-grant")["acme"]

    assert client(found, "app")["defaultClientScopes"] == ["shared-assertion"]


def test_jwt_grant__records_its_events_where_not_all_are() -> None:
    types = elsewhere("jwt-grant")["shared"].document["enabledEventTypes"]

    assert "JWT_AUTHORIZATION_GRANT" in types.words
    assert "TOKEN_EXCHANGE" in types.words


def test_elsewhere__each_realm_by_its_own_alias() -> None:
    globex = {**ACME, "ISSUER": "https://id.example/realms/globex"}
    aliases = {"default": "tenant-acme", "globex": "tenant-globex"}
    downstream = {
        "STRATEGY": "jwt-grant",
        "REALM": "shared",
        "SUBJECT_ISSUER": aliases,
    }

    found = of(downstream, shared=SHARED, globex=globex)

    providers = found["shared"].document["identityProviders"]
    assert [one["alias"] for one in providers] == ["tenant-acme", "tenant-globex"]
    grant = client(found["shared"], "hub")["attributes"]
    assert grant["oauth2.jwt.authorization.grant.idp"] == "tenant-acme##tenant-globex"
    assert "shared-broker" in clients(found["globex"])
