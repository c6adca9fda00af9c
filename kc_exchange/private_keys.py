"""Private keys of the settings: read once, and their public halves (RFC 7517)."""

from __future__ import annotations

from contextlib import suppress
from functools import cache

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.views.decorators.debug import sensitive_variables

PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey

_PUBLIC = ("kty", "crv", "x", "y", "n", "e")
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


@cache  # the settings bound them
@sensitive_variables()
def loaded(pem: str) -> tuple[PrivateKey, str]:
    """Return the key of a PEM text, and the algorithm that it signs by (RFC 7518).

    Raises:
        ValueError: it is no key, or of a kind that signs by none of these algorithms.
        TypeError: it has a passphrase.
    """
    key = None
    with suppress(UnsupportedAlgorithm):  # no ValueError; its frames hold the key
        key = load_pem_private_key(pem.encode(), password=None)
    if isinstance(key, RSAPrivateKey):
        return key, "RS256"
    if isinstance(key, Ed25519PrivateKey):
        return key, "EdDSA"
    if isinstance(key, EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return key, _CURVES[key.curve.name]
    raise ValueError("no algorithm for this kind of key")


def public_half(key: PrivateKey, algorithm: str) -> dict[str, str]:
    """Return the public half of a key, its required members alone (RFC 7517)."""
    whole = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    return {name: whole[name] for name in _PUBLIC if name in whole}
