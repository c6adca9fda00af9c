"""Identity providers, accounts and addresses of a realm export."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.testing import EmbeddedKeycloak
from kc_exchange.testing.realm_file import load_realm

if TYPE_CHECKING:
    from pathlib import Path

    from kc_exchange.testing.brokers.model import IdentityProvider


def read(kind: str, config: dict[str, Any], **more: Any) -> IdentityProvider:
    """One provider, as a realm reads it."""
    entry = {"alias": "there", "providerId": kind, "config": config, **more}
    return load_realm({"realm": "r", "identityProviders": [entry]}).providers["there"]


def test_load__reads_a_provider() -> None:
    """Its switches and settings, as the export writes them."""
    config = {"issuer": "https://a.example, https://b.example", "useJwksUrl": True}
    found = read("oidc", config, internalId="i-1", storeToken=True, enabled=False)
    assert (found.internal_id, found.store_token, found.enabled) == ("i-1", True, False)
    assert found.issuers == ["https://a.example", "https://b.example"]
    assert found.shortest_validity == 5
    assert not found.on("useJwksUrl")


def test_load__makes_what_an_export_leaves_out() -> None:
    """A provider is on and stores nothing, and has an id of its own."""
    found = read("oidc", {"minValidityToken": "30"})
    assert (found.enabled, found.store_token, found.trust_email) == (True, False, False)
    assert found.internal_id
    assert found.issuers == []
    assert found.shortest_validity == 30


@pytest.mark.parametrize(
    ("kind", "config", "address"),
    [
        ("google", {}, "https://openidconnect.googleapis.com/v1/userinfo"),
        ("google", {"userInfoUrl": "http://here.example"}, "http://here.example"),
        ("github", {}, "https://api.github.com/user"),
        ("github", {"apiUrl": "http://here.example/"}, "http://here.example/user"),
    ],
)
def test_load__knows_where_to_ask(
    kind: str, config: dict[str, str], address: str
) -> None:
    """Google and GitHub bring their addresses along."""
    assert read(kind, config).config["userInfoUrl"] == address


def test_load__access_tokens_of_keycloak_are_signed() -> None:
    """Whatever the export says."""
    assert read("keycloak-oidc", {"isAccessTokenJWT": "false"}).on("isAccessTokenJWT")


def test_load__sorts_providers_by_alias() -> None:
    """That is the order in which Keycloak looks for an issuer."""
    entries = [{"alias": alias, "providerId": "oidc"} for alias in ("b", "c", "a")]
    realm = load_realm({"realm": "r", "identityProviders": entries})
    assert list(realm.providers) == ["a", "b", "c"]


def test_load__reads_accounts() -> None:
    """A user's accounts at providers, by alias, without any token."""
    link = {"identityProvider": "there", "userId": "7", "userName": "Ann"}
    users = [{"username": "ann", "federatedIdentities": [link]}]
    ann = load_realm({"realm": "r", "users": users}).user("ann")
    assert ann is not None
    assert (ann.links["there"].user_id, ann.links["there"].reply) == ("7", None)


def test_load__secrets_stay_out_of_repr() -> None:
    """Neither a provider nor an account shows what must stay secret."""
    found = read("oidc", {"clientSecret": "hidden-word"})
    assert "hidden-word" not in repr(found)


@pytest.mark.parametrize(("asks", "full"), [(True, False), (False, True)])
def test_load__clients_that_ask_for_consent_are_narrow(asks: bool, full: bool) -> None:
    """Full scope is on where an export does not say, unless users must agree."""
    client = {"clientId": "app", "consentRequired": asks}
    realm = load_realm({"realm": "r", "clients": [client]})
    assert realm.clients["app"].full_scope is full


def test_server__fills_in_its_own_address(tmp_path: Path) -> None:
    """One realm names another of the same server, in a file and in a mapping."""
    client = {"clientId": "${server}/realms/b", "redirectUris": ["${server}/x"]}
    document = {"realm": "a", "clients": [client]}
    path = tmp_path / "realm.json"
    path.write_text(json.dumps({**document, "realm": "b"}))
    keycloak = EmbeddedKeycloak(document, path)
    try:
        for realm in ("a", "b"):
            found = keycloak.realm(realm).clients[keycloak.issuer("b")]
            assert found.redirect_uris == (f"{keycloak.url}/x",)
    finally:
        keycloak.close()


def test_load__without_an_address_leaves_the_place() -> None:
    """Who reads a file alone sees what is written there."""
    realm = load_realm({"realm": "r", "clients": [{"clientId": "${server}"}]})
    assert "${server}" in realm.clients
