"""Our own tokens bound to a key (RFC 9449), asked for on both servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import conf, downstream_session, dpop
from kc_exchange.context import using_subject_token
from kc_exchange.exceptions import ProofRequired
from kc_exchange.exchange import client_credentials, exchange
from kc_exchange.testing import DownstreamRecorder
from kc_exchange.tokens import SubjectToken
from tests.keycloak.kinds import on
from tests.real_keycloak import STANDARD
from tests.servers.proofs import key_pem, proved

if TYPE_CHECKING:
    from tests.keycloak.servers import Server

ORDERS = conf.Downstream(
    name="orders-api",
    base_url="https://orders.internal/",
    audience="orders-api",
    scopes=frozenset({"orders"}),
    dpop=True,
)


def realm(keycloak: Server, pem: str, client: str = "django-app") -> conf.Realm:
    return conf.Realm(
        alias="default",
        issuer=keycloak.issuer,
        client_id=client,
        client_secret=f"{client}-secret",
        default_scopes=frozenset({"openid", "profile", "email", "shipping"}),
        dpop_key=pem,
        deadline=20.0,
    )


def alice(keycloak: Server) -> str:
    form = {"grant_type": "password", "username": "alice", "password": "alice-demo"}
    return str(keycloak.tokens({**form, "scope": "openid"}, "frontend")["access_token"])


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512", "EdDSA", "RS256"])
def test_exchange__is_bound_to_the_key(keycloak: Server, algorithm: str) -> None:
    """Keycloak takes each kind of key, and writes its thumbprint into the token."""
    own = realm(keycloak, key_pem(algorithm))

    token = exchange(SubjectToken(value=alice(keycloak)), ORDERS, own)

    claims = keycloak.claims(token.value)
    assert claims["cnf"]["jkt"] == token.thumbprint
    assert token.thumbprint == dpop.key_of_realm(own).thumbprint
    assert (claims["typ"], claims["aud"]) == ("DPoP", "orders-api")


def test_exchange__by_a_client_that_must_bind(keycloak: Server) -> None:
    """Where Keycloak requires a proof of the client, DPOP is what it wants."""
    own = realm(keycloak, key_pem(), "dpop-app")

    token = exchange(SubjectToken(value=alice(keycloak)), ORDERS, own)

    assert keycloak.claims(token.value)["cnf"]["jkt"] == token.thumbprint


def test_bound_token__is_narrowed_with_its_own_key(keycloak: Server) -> None:
    """What we hold bound is exchanged again by us alone, as the last hop does."""
    own = realm(keycloak, key_pem())
    first = client_credentials(ORDERS, own)
    assert keycloak.claims(first.value)["cnf"]["jkt"] == first.thumbprint

    second = exchange(SubjectToken(value=first.value), ORDERS, own)

    assert second.thumbprint == first.thumbprint
    assert keycloak.claims(second.value)["aud"] == "orders-api"


def test_bound_token__is_no_subject_for_another_key(keycloak: Server) -> None:
    """A stolen one brings its thief nothing."""
    first = client_credentials(ORDERS, realm(keycloak, key_pem()))

    with pytest.raises(ProofRequired):
        exchange(SubjectToken(value=first.value), ORDERS, realm(keycloak, key_pem()))


@on(STANDARD)
def test_call__from_end_to_end(keycloak: Server, settings: Any) -> None:
    """One exchange; each call proves the token that Keycloak bound."""
    own = realm(keycloak, key_pem())
    with DownstreamRecorder() as orders:
        settings.KC_EXCHANGE = {
            "REALMS": {
                "default": {
                    "ISSUER": own.issuer,
                    "CLIENT_ID": own.client_id,
                    "CLIENT_SECRET": own.client_secret,
                    "DEFAULT_SCOPES": list(own.default_scopes),
                    "DPOP_KEY": own.dpop_key,
                    "DEADLINE": 20,
                }
            },
            "DOWNSTREAMS": {
                "orders-api": {
                    "BASE_URL": orders.url,
                    "SCOPES": ["orders"],
                    "DPOP": True,
                }
            },
        }
        with (
            using_subject_token(alice(keycloak)),
            downstream_session("orders-api") as session,
        ):
            session.get("v1/orders?page=1")
            session.get("v1/orders?page=2")

    one, two = orders.requests
    assert one.token == two.token
    bound_to = keycloak.claims(str(one.token))["cnf"]["jkt"]
    for request in (one, two):
        assert request.headers["authorization"].startswith("DPoP ")
        proof = request.headers["dpop"]
        found = proved(proof, "GET", f"{orders.url}v1/orders", str(request.token))
        assert found.thumbprint == bound_to
