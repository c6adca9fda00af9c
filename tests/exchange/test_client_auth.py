"""How the requester authenticates (RFC 6749 section 2.3, RFC 7523)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from kc_exchange.exceptions import ExchangeMisconfigured
from tests.servers import grants, resets, told
from tests.servers.proofs import ODD_PEM

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.site import Site

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEYS: dict[str, tuple[Any, str]] = {
    "RSA": (RSA, "RS256"),
    "P-256": (ec.generate_private_key(ec.SECP256R1()), "ES256"),
    "P-384": (ec.generate_private_key(ec.SECP384R1()), "ES384"),
    "P-521": (ec.generate_private_key(ec.SECP521R1()), "ES512"),
    "Ed25519": (ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
}


def pem(key: Any, password: bytes | None = None) -> str:
    locked: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password:
        locked = serialization.BestAvailableEncryption(password)
    raw: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked
    )
    return raw.decode()


@pytest.mark.parametrize(("key", "algorithm"), KEYS.values(), ids=KEYS)
def test_private_key_jwt__is_new_for_each_attempt(
    site: Site, key: Any, algorithm: str
) -> None:
    """An assertion is used once, so the second attempt brings another `jti`."""
    site.deadline = 1.0
    site.keycloak.acts = [resets, grants()]
    site.realm |= {
        "CLIENT_AUTH": "private_key_jwt",
        "PRIVATE_KEY": pem(key),
        "KEY_ID": "key-1",
    }
    site.call()

    first, second = (seen.form for seen in site.keycloak.asked)
    assert first["client_assertion_type"] == (
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    )
    assert "client_secret" not in first
    claims = [
        jwt.decode(
            form["client_assertion"],
            key.public_key(),
            algorithms=[algorithm],
            audience=site.keycloak.issuer,
        )
        for form in (first, second)
    ]
    assert claims[0]["iss"] == claims[0]["sub"] == "django-app"
    assert claims[0]["exp"] - claims[0]["iat"] == 60
    assert claims[0]["jti"] != claims[1]["jti"]
    assert jwt.get_unverified_header(first["client_assertion"])["kid"] == "key-1"


def no_key() -> str:
    return "not a key: pr1vate"


def locked() -> str:
    return pem(RSA, b"passphrase")


def other_curve() -> str:
    return pem(ec.generate_private_key(ec.SECP256K1()))


def unknown_curve() -> str:
    return ODD_PEM


@pytest.mark.parametrize("made", [no_key, locked, other_curve, unknown_curve])
def test_private_key_jwt__without_a_usable_key(
    site: Site, made: Callable[[], str]
) -> None:
    """What is no key, or one without an algorithm, is told without quoting it."""
    text = made()
    site.realm |= {"CLIENT_AUTH": "private_key_jwt", "PRIVATE_KEY": text}

    error = site.refuses(ExchangeMisconfigured)

    assert "PRIVATE_KEY of realm 'default'" in error.cause
    assert text.splitlines()[-1] not in str(error)
    assert text.splitlines()[len(text.splitlines()) // 2] not in told(error)
    assert site.keycloak.asked == []


def test_client_secret_basic__is_form_encoded_first(site: Site) -> None:
    """RFC 6749 section 2.3.1: both parts are form-encoded before base64."""
    site.realm |= {"CLIENT_ID": "django-app", "CLIENT_SECRET": "p:ä %&+"}
    site.call()

    scheme, _, value = site.keycloak.asked[0].headers["authorization"].partition(" ")
    assert scheme == "Basic"
    assert base64.b64decode(value) == b"django-app:p%3A%C3%A4+%25%26%2B"


def test_client_secret_post__is_in_the_form(site: Site) -> None:
    """The secret is a parameter, and there is no header."""
    site.realm |= {"CLIENT_AUTH": "client_secret_post"}
    site.call()

    seen = site.keycloak.asked[0]
    assert seen.form["client_id"] == "django-app"
    assert seen.form["client_secret"] == "s3cret-of-the-requester"
    assert "authorization" not in seen.headers
