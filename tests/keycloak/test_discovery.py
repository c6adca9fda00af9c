"""The documents from which a client learns where and with what keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt
import pytest

from tests.keycloak.servers import EXCHANGE_GRANT, JWT_GRANT
from tests.keycloak.steps import Exchanged, Literal, Login

if TYPE_CHECKING:
    from tests.keycloak.servers import Server

ENDPOINTS = {
    "authorization_endpoint": "auth",
    "token_endpoint": "token",
    "introspection_endpoint": "token/introspect",
    "userinfo_endpoint": "userinfo",
    "end_session_endpoint": "logout",
    "jwks_uri": "certs",
    "revocation_endpoint": "revoke",
}
OFFERS = {
    "grant_types_supported": {
        "authorization_code",
        "client_credentials",
        "password",
        "refresh_token",
        EXCHANGE_GRANT,
        JWT_GRANT,
    },
    "response_types_supported": {"code"},
    "subject_types_supported": {"public"},
    "id_token_signing_alg_values_supported": {"RS256"},
    "code_challenge_methods_supported": {"S256"},
    "token_endpoint_auth_methods_supported": {
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
    },
    "scopes_supported": {"openid", "profile", "email", "orders", "shipping"},
}


def document(server: Server, address: str) -> dict[str, Any]:
    """A JSON document of the realm."""
    reply = server.http.get(address, timeout=30)
    assert reply.status_code == 200
    assert reply.headers["Content-Type"].startswith("application/json")
    return dict(reply.json())


def test_discovery__says_where(keycloak: Server) -> None:
    """Each endpoint is an absolute address below the issuer."""
    found = document(keycloak, f"{keycloak.issuer}/.well-known/openid-configuration")
    wanted = {name: keycloak.endpoint(path) for name, path in ENDPOINTS.items()}
    assert found["issuer"] == keycloak.issuer
    assert {name: found.get(name) for name in wanted} == wanted


@pytest.mark.parametrize("member", OFFERS)
def test_discovery__says_what(keycloak: Server, member: str) -> None:
    """The document offers at least what this package needs."""
    found = document(keycloak, f"{keycloak.issuer}/.well-known/openid-configuration")
    assert set(found[member]) >= OFFERS[member]


def test_discovery__promises_the_issuer_in_replies(keycloak: Server) -> None:
    """RFC 9207: a client may insist on `iss` in the callback."""
    found = document(keycloak, f"{keycloak.issuer}/.well-known/openid-configuration")
    assert found["authorization_response_iss_parameter_supported"] is True


def test_keys__are_public_and_named(keycloak: Server) -> None:
    """RS256 keys sign, and no key gives its private part away."""
    keys = document(keycloak, keycloak.endpoint("certs"))["keys"]
    signing = [key for key in keys if key["use"] == "sig"]
    assert {(key["kty"], key["alg"]) for key in signing} == {("RSA", "RS256")}
    assert all({"kid", "n", "e", "x5c", "x5t"} <= set(key) for key in signing)
    assert not any({"d", "p", "q", "k"} & set(key) for key in keys)


def test_keys__name_the_key_of_each_token(keycloak: Server) -> None:
    """The ids of the keys differ, for a token names one of them."""
    keys = document(keycloak, keycloak.endpoint("certs"))["keys"]
    assert len({key["kid"] for key in keys}) == len(keys)


def test_keys__outlive_their_successor(keycloak: Server) -> None:
    """A token signed before the rotation is still good after it."""
    before = Login().obtain(keycloak)
    keycloak.admin.rotate_keys()
    after = Exchanged(subject=Literal(before)).obtain(keycloak)
    signed_by = [jwt.get_unverified_header(token)["kid"] for token in (before, after)]
    assert signed_by[0] != signed_by[1]
    assert set(signed_by) <= set(keycloak.signing_keys())


def test_realm__shows_its_key(keycloak: Server) -> None:
    """The realm's own address answers, which is how a start is noticed."""
    found = document(keycloak, keycloak.issuer)
    assert found["realm"] == "conformance"
    assert found["token-service"] == f"{keycloak.issuer}/protocol/openid-connect"
    assert found["public_key"]


def test_realm__unknown_is_not_found(keycloak: Server) -> None:
    """A realm that is not there says so in JSON."""
    address = f"{keycloak.url}/realms/nowhere/.well-known/openid-configuration"
    reply = keycloak.http.get(address, timeout=30)
    assert reply.status_code == 404
    assert reply.json()["error"] == "Realm does not exist"


def test_token_endpoint__takes_posts_alone(keycloak: Server) -> None:
    """A GET would put secrets in logs."""
    reply = keycloak.http.get(keycloak.endpoint("token"), timeout=30)
    assert reply.status_code == 405


def test_endpoint__unknown_is_not_found(keycloak: Server) -> None:
    """An address that Keycloak does not have is answered in JSON."""
    reply = keycloak.http.get(keycloak.endpoint("nonsense"), timeout=30)
    assert reply.status_code == 404
    assert "error" in reply.json()


def test_token_endpoint__reads_no_json(keycloak: Server) -> None:
    """A body that is not a form holds no parameters."""
    form = {"grant_type": "client_credentials"}
    reply = keycloak.http.post(keycloak.endpoint("token"), json=form, timeout=30)
    assert reply.status_code == 400
    assert reply.json() == {
        "error": "invalid_request",
        "error_description": "Missing form parameter: grant_type",
    }
