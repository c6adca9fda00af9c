"""Clients that prove themselves with a signed assertion (private_key_jwt)."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from kc_exchange.testing import DownstreamRecorder
from kc_exchange.testing.keys import SigningKey
from tests.testing.conftest import refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from tests.testing.conftest import Asker

KEY = SigningKey.generate("signer")
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KIND = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def jwks() -> dict[str, Any]:
    """The client's key set."""
    key = RSAAlgorithm.to_jwk(KEY.private.public_key(), as_dict=True)
    return {"keys": [{**key, "kid": "k1", "use": "sig", "alg": "RS256"}]}


def signer(**attributes: str) -> list[dict[str, Any]]:
    """A client with these attributes, as the realm's only one."""
    client = {
        "clientId": "signer",
        "clientAuthenticatorType": "client-jwt",
        "serviceAccountsEnabled": True,
        "attributes": attributes,
    }
    return [client]


@pytest.fixture
def ask(ask_changed: Callable[..., Asker]) -> Asker:
    """A realm whose client has its keys in the export."""
    attributes = {"use.jwks.string": "true", "jwks.string": json.dumps(jwks())}
    return ask_changed(clients=signer(**attributes))


def assertion(ask: Asker, key: Any = KEY.private, **changes: Any) -> str:
    """A good assertion, changed; a change to None leaves a claim out."""
    now = int(time.time())
    claims = {
        "iss": "signer",
        "sub": "signer",
        "aud": ask.keycloak.issuer("test"),
        "jti": str(time.monotonic_ns()),
        "exp": now + 30,
        **changes,
    }
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, key, "RS256", {"kid": "k1"})


def sent(ask: Asker, signed: str, **changes: Any) -> requests.Response:
    """The token endpoint's answer."""
    form: dict[str, Any] = {
        "grant_type": "client_credentials",
        "client_assertion_type": KIND,
        "client_assertion": signed,
        **changes,
    }
    return ask.post("token", None, **form)


def test_assertion__names_the_client_itself(ask: Asker) -> None:
    """Without client_id the subject says who it is; a second use is refused."""
    signed = assertion(ask)
    assert sent(ask, signed).status_code == 200
    again = refusal(sent(ask, signed))
    assert again == (400, "invalid_client", "Token reuse detected")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"jti": None}, "Token jti claim is required"),
        ({"exp": None}, "Token exp claim is required"),
        ({"exp": 1}, "Token is not active"),
        ({"nbf": 9_999_999_999}, "Token is not active"),
        ({"iat": 9_999_999_999}, "Token was issued in the future"),
        ({"iat": 1}, "Token was issued too far in the past to be used now"),
        ({"aud": "https://elsewhere.example"}, "Invalid token audience"),
        ({"key": OTHER}, "Signature on JWT token failed validation"),
    ],
)
def test_assertion__is_refused(ask: Asker, changes: dict[str, Any], said: str) -> None:
    """Status 400 and Keycloak's text."""
    status, error, text = refusal(sent(ask, assertion(ask, **changes)))
    assert (status, error) == (400, "invalid_client")
    assert said in text


def test_assertion__for_two_audiences(ask: Asker) -> None:
    """One audience alone is accepted."""
    audience = [ask.keycloak.issuer("test"), "other"]
    text = refusal(sent(ask, assertion(ask, aud=audience)))[2]
    assert text == "Multiple audiences not allowed"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"client_assertion_type": "x"}, "Parameter client_assertion_type has value"),
        ({"client_assertion": ""}, "client_assertion parameter missing"),
        ({"client_assertion": "x"}, "Client authentication with signed JWT failed"),
    ],
)
def test_parameters__are_refused(
    ask: Asker, changes: dict[str, str], said: str
) -> None:
    """What is wrong with them is told."""
    reply = sent(ask, assertion(ask), client_id="signer", **changes)
    assert refusal(reply)[2].startswith(said)


def public_key() -> str:
    """The public key as the admin console stores it."""
    der = KEY.private.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    return b64encode(der).decode()


@pytest.mark.parametrize(
    "attributes",
    [
        {"jwt.credential.public.key": public_key()},
        {"jwt.credential.certificate": b64encode(KEY.certificate).decode()},
    ],
)
def test_key__from_the_export(
    ask_changed: Callable[..., Asker], attributes: dict[str, str]
) -> None:
    """A bare key and a certificate do as well."""
    ask = ask_changed(clients=signer(**attributes))
    assert sent(ask, assertion(ask)).status_code == 200


def test_key__from_an_address(ask_changed: Callable[..., Asker]) -> None:
    """The key set is fetched from where the client publishes it."""
    with DownstreamRecorder() as publisher:
        publisher.answer_next(body=jwks())
        address = f"{publisher.url}jwks"
        attributes = {"use.jwks.url": "true", "jwks.url": address}
        ask = ask_changed(clients=signer(**attributes))
        assert sent(ask, assertion(ask)).status_code == 200
    assert [request.path for request in publisher.requests] == ["/jwks"]
    text = refusal(sent(ask, assertion(ask)))[2]
    assert text == "Unable to load public key"
