"""Read public keys, as administrators and providers publish them."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_der_public_key

from kc_exchange.testing.fetching import fetch

Json = dict[str, Any]


def fetched_set(url: str) -> Json:
    """Return the key set that lies at the address (RFC 7517).

    Raises:
        OSError: it cannot be fetched.
        ValueError: it is not JSON, or the address is not one.
    """
    answer = fetch(url)
    document: Json = answer.json()
    return document


def found_key(keys: Json, kid: str | None) -> Any:
    """Return the key with that id, or the first one where no id is named.

    Raises:
        ValueError: there is none.
        jwt.PyJWTError: the document holds no key set.
    """
    for key in jwt.PyJWKSet.from_dict(keys).keys:
        if kid is None or key.key_id == kid:
            return key.key
    raise ValueError(kid)


def public_key(pem: str) -> Any:
    """Return a public key that is written as PEM, with or without its first line.

    Raises:
        ValueError: it is none.
    """
    return load_der_public_key(_der(pem))


def certified_key(pem: str) -> Any:
    """Return the public key of a certificate that is written as PEM.

    Raises:
        ValueError: it is none.
    """
    return x509.load_der_x509_certificate(_der(pem)).public_key()


def _der(pem: str) -> bytes:
    lines = (line for line in pem.splitlines() if not line.startswith("-----"))
    return b64decode("".join(lines))
