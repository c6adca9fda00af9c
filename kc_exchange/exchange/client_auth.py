"""Authenticate the requester at the token endpoint (RFC 6749 section 2.3)."""

from __future__ import annotations

import base64
import time
import uuid
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

import jwt
from django.views.decorators.debug import sensitive_variables

from kc_exchange.conf import client_secret
from kc_exchange.exceptions import ExchangeMisconfigured
from kc_exchange.private_keys import loaded, public_half
from kc_exchange.tokens import Secret

if TYPE_CHECKING:
    from kc_exchange.conf import Realm
    from kc_exchange.private_keys import PrivateKey

_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_LIFETIME = 60

Credential = tuple[list[tuple[str, str]], dict[str, str]]
"""Form parameters and headers."""


@sensitive_variables()
def credential(realm: Realm) -> Credential:
    """Return what authenticates `realm`'s client once: an assertion is used once.

    Raises:
        ExchangeMisconfigured: PRIVATE_KEY is no key, CLIENT_SECRET_FILE unreadable.
    """
    own_id = [("client_id", realm.client_id)]
    match realm.client_auth:
        case "client_secret_basic":
            return [], {"Authorization": Secret(f"Basic {_basic(realm)}")}
        case "client_secret_post":
            return [*own_id, ("client_secret", Secret(client_secret(realm)))], {}
        case "private_key_jwt":
            return [
                *own_id,
                ("client_assertion_type", _JWT_BEARER),
                ("client_assertion", Secret(_assertion(realm))),
            ], {}
        case "tls_client_auth":
            return own_id, {}


def public_jwk(realm: Realm) -> dict[str, str]:
    """Return the public half of the key that signs for `realm`'s client (RFC 7517).

    Raises:
        ExchangeMisconfigured: PRIVATE_KEY is no key.
    """
    key, algorithm = _key_of(realm)
    known = {"use": "sig", "alg": algorithm}
    known |= {"kid": realm.key_id} if realm.key_id else {}
    return known | public_half(key, algorithm)


@sensitive_variables()
def _basic(realm: Realm) -> str:
    """Both parts are form-encoded first (RFC 6749 section 2.3.1)."""
    secret = client_secret(realm)
    pair = f"{quote_plus(realm.client_id)}:{quote_plus(secret)}"
    return base64.b64encode(pair.encode()).decode()


@sensitive_variables()
def _assertion(realm: Realm) -> str:
    """A signed assertion of the client's identity (RFC 7523 sections 2.2 and 3)."""
    key, algorithm = _key_of(realm)
    now = int(time.time())
    claims = {
        "iss": realm.client_id,
        "sub": realm.client_id,
        "aud": realm.issuer,
        "jti": str(uuid.uuid4()),
        "iat": now,
        "exp": now + _ASSERTION_LIFETIME,
    }
    headers = {"kid": realm.key_id} if realm.key_id else None
    return jwt.encode(claims, key, algorithm=algorithm, headers=headers)


def _key_of(realm: Realm) -> tuple[PrivateKey, str]:
    try:
        return loaded(realm.private_key)
    except (ValueError, TypeError):
        failure = ExchangeMisconfigured(
            f"PRIVATE_KEY of realm {realm.alias!r} is no private key in PEM form.",
            "Give the text of an RSA, EC or Ed25519 key in PEM form, without a "
            "passphrase.",
            realm=realm.alias,
            diagnosis="private_key_unreadable",
        )
    # Not "from error": the frames behind it hold the key.
    raise failure
