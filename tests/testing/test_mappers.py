"""What protocol mappers write into tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt
import pytest

from kc_exchange.testing import EmbeddedKeycloak

if TYPE_CHECKING:
    from collections.abc import Mapping


def written(kind: str, config: Mapping[str, str], **realm: Any) -> dict[str, Any]:
    """The claims of a token whose client has this one mapper."""
    mapper = {
        "name": "one",
        "protocolMapper": f"oidc-{kind}-mapper",
        "config": {"access.token.claim": "true", **config},
    }
    document = {
        "realm": "r",
        "clientScopes": [],
        "clients": [
            {"clientId": "app", "protocolMappers": [mapper]},
            {"clientId": "api"},
        ],
        "roles": {"realm": [{"name": "boss"}], "client": {"api": [{"name": "read"}]}},
        "users": [
            {
                "username": "ann",
                "enabled": True,
                "email": "ann@example.com",
                "emailVerified": True,
                "firstName": "Ann",
                "lastName": "Lee",
                "attributes": {"level": ["7"], "team": ["a", "b"], "street": ["Main"]},
                "realmRoles": ["boss"],
                "clientRoles": {"api": ["read"]},
                "groups": ["/staff/east"],
            }
        ],
        "groups": [{"name": "staff", "subGroups": [{"name": "east"}]}],
        **realm,
    }
    keycloak = EmbeddedKeycloak(document)
    try:
        token = keycloak.token("r", "ann", client_id="app")
        return jwt.decode(token, options={"verify_signature": False})
    finally:
        keycloak.close()


@pytest.mark.parametrize(
    ("kind", "config", "expected"),
    [
        ("audience", {"included.client.audience": "api"}, {"aud": "api"}),
        ("audience", {"included.custom.audience": "urn:x"}, {"aud": "urn:x"}),
        ("audience-resolve", {}, {"aud": "api"}),
        (
            "usermodel-realm-role",
            {"claim.name": "realm_access.roles", "multivalued": "true"},
            {"realm_access": {"roles": ["boss"]}},
        ),
        (
            "usermodel-client-role",
            {"claim.name": "resource_access.${client_id}.roles"},
            {"resource_access": {"api": {"roles": ["read"]}}},
        ),
        (
            "usermodel-attribute",
            {
                "user.attribute": "level",
                "claim.name": "a.level",
                "jsonType.label": "int",
            },
            {"a": {"level": 7}},
        ),
        (
            "usermodel-attribute",
            {"user.attribute": "team", "claim.name": r"a\.b", "multivalued": "true"},
            {"a.b": ["a", "b"]},
        ),
        (
            "usermodel-property",
            {
                "user.attribute": "emailVerified",
                "claim.name": "ok",
                "jsonType.label": "boolean",
            },
            {"ok": True},
        ),
        (
            "hardcoded-claim",
            {
                "claim.name": "may_act",
                "claim.value": '{"sub": "x"}',
                "jsonType.label": "JSON",
            },
            {"may_act": {"sub": "x"}},
        ),
        ("full-name", {}, {"name": "Ann Lee"}),
        ("address", {}, {"address": {"street_address": "Main"}}),
        ("group-membership", {"claim.name": "g"}, {"g": ["/staff/east"]}),
        (
            "group-membership",
            {"claim.name": "g", "full.path": "false"},
            {"g": ["east"]},
        ),
        ("acr", {}, {"acr": "1"}),
    ],
)
def test_mapper__writes(
    kind: str, config: Mapping[str, str], expected: dict[str, Any]
) -> None:
    """Each mapper writes its claim."""
    found = written(kind, config)
    assert {name: found.get(name) for name in expected} == expected


def test_mapper__switched_off_writes_nothing() -> None:
    """Only the switch for the access token counts here."""
    config = {"included.client.audience": "api", "access.token.claim": "false"}
    assert "aud" not in written("audience", config)


def test_mapper__unknown_kind_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """An export may hold mappers that this server lacks; it says so."""
    written("odd", {})
    assert "kind=oidc-odd-mapper" in caplog.text


def test_full_scope__off_lets_only_mapped_roles_through() -> None:
    """Without full scope, a role needs a scope mapping to get into a token."""
    config = {"claim.name": "realm_access.roles", "multivalued": "true"}
    mapper = {
        "name": "one",
        "protocolMapper": "oidc-usermodel-realm-role-mapper",
        "config": {"access.token.claim": "true", **config},
    }
    narrow = {
        "clientId": "app",
        "fullScopeAllowed": False,
        "protocolMappers": [mapper],
    }
    found = written("acr", {}, clients=[narrow])
    assert "realm_access" not in found
    mapped = [{"client": "app", "roles": ["boss"]}]
    found = written("acr", {}, clients=[narrow], scopeMappings=mapped)
    assert found["realm_access"] == {"roles": ["boss"]}
