"""Read a key set (RFC 7517), leaving out every key that must not verify."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from kc_exchange.jwt_validation.compact import ALGORITHMS
from kc_exchange.jwt_validation.weak_keys import is_roca

logger = logging.getLogger(__name__)

Keys = Mapping[str, "Key"]

_RSA = frozenset(a for a in ALGORITHMS if a.startswith(("RS", "PS")))
_BY_CURVE = {
    ("EC", "P-256"): frozenset({"ES256"}),
    ("EC", "P-384"): frozenset({"ES384"}),
    ("EC", "P-521"): frozenset({"ES512"}),
    ("OKP", "Ed25519"): frozenset({"EdDSA"}),
    ("OKP", "Ed448"): frozenset({"EdDSA"}),
}
_NUMBERS = {"RSA": ("n", "e"), "EC": ("x", "y"), "OKP": ("x",)}
_SECRET = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_MIN_BITS = 2048
_MAX_BITS = 16384
_MAX_EXPONENT_BITS = 64


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """A public key, and the algorithms it may verify."""

    kid: str
    algorithms: frozenset[str]
    public: Any
    """As `cryptography` holds it."""
    jwk: Mapping[str, Any] = field(repr=False)
    """What it was read from."""

    def verify(self, alg: str, signed: bytes, signature: bytes) -> bool:
        """Tell whether the key made this signature, with an algorithm it fits."""
        if alg not in self.algorithms:
            return False
        return jwt.get_algorithm_by_name(alg).verify(signed, self.public, signature)


def read_keys(
    document: Mapping[str, Any], former: Keys | None = None
) -> dict[str, Key]:
    """Return the usable keys of a key set, by their `kid`.

    A key that says the same as in `former` stays the same object. Of a `kid` that two
    usable keys share, neither is used. What cannot be used is logged and left out.

    Raises:
        ValueError: it is no key set, or no key of it can be used.
    """
    listed = document.get("keys")
    if not isinstance(listed, list):
        raise ValueError("it has no list of keys")  # noqa: TRY004 - its text is wrong
    found = [key for key in (_read(jwk, former or {}) for jwk in listed) if key]
    times = Counter(key.kid for key in found)
    keys = {key.kid: key for key in found if times[key.kid] == 1}
    if not keys:
        raise ValueError("none of its keys can verify a signature")
    if len(keys) < len(found):
        logger.warning("kc_exchange.duplicate_kid keys=%d", len(found) - len(keys))
    return keys


def _read(jwk: object, former: Keys) -> Key | None:
    kid = jwk.get("kid") if isinstance(jwk, dict) else None
    if isinstance(kid, str) and kid in former and former[kid].jwk == jwk:
        return former[kid]
    try:
        return read_key(jwk)
    except (jwt.PyJWTError, ValueError) as error:
        logger.debug("kc_exchange.key_skipped reason=%s", type(error).__name__)
        return None


def read_key(jwk: object) -> Key:
    """Return the key that a JWK describes.

    Raises:
        ValueError: it is malformed, secret, weak or not made to verify signatures.
        jwt.PyJWTError: its numbers are not those of a key.
    """
    if not isinstance(jwk, dict) or not _SECRET.isdisjoint(jwk):
        raise ValueError("not a public key")
    if jwk.get("use", "sig") != "sig" or not _may_verify(jwk.get("key_ops")):
        raise ValueError("not made to verify signatures")
    kid, algorithms = jwk.get("kid"), _algorithms(jwk)
    if not isinstance(kid, str) or not kid or not algorithms:
        raise ValueError("without a kid, or of a kind that is not on the list")
    public: Any = jwt.get_algorithm_by_name(min(algorithms)).from_jwk(jwk)
    if isinstance(public, RSAPublicKey):
        _refuse_weak(public)
    return Key(kid, algorithms, public, jwk)


def _may_verify(operations: object) -> bool:
    return operations is None or (
        isinstance(operations, list) and "verify" in operations
    )


def _algorithms(jwk: Mapping[str, Any]) -> frozenset[str]:
    """What the kind and curve of the key allow, narrowed by its `alg`."""
    kind, curve, alg = jwk.get("kty"), jwk.get("crv"), jwk.get("alg")
    if not isinstance(kind, str) or not all(
        isinstance(jwk.get(n), str) and len(jwk[n]) <= _MAX_BITS // 5
        for n in _NUMBERS.get(kind, ("kty",))
    ):
        return frozenset()
    fitting = _RSA if kind == "RSA" else _BY_CURVE.get((kind, str(curve)), frozenset())
    return fitting if alg is None else frozenset(a for a in fitting if a == alg)


def _refuse_weak(key: RSAPublicKey) -> None:
    numbers = key.public_numbers()
    if not _MIN_BITS <= key.key_size <= _MAX_BITS:
        raise ValueError("an RSA key of a size that is not allowed")
    exponent = numbers.e
    if exponent < 3 or exponent % 2 == 0:  # noqa: PLR2004
        raise ValueError("an RSA exponent that proves nothing")
    if exponent.bit_length() > _MAX_EXPONENT_BITS or is_roca(numbers.n):
        raise ValueError("an RSA key that is known to be weak")
