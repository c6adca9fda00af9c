"""Read tokens that others have signed, and check their signatures."""

from __future__ import annotations

import binascii
import json
import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jwt

from kc_exchange.testing.errors import OAuthError, failed
from kc_exchange.testing.public_keys import fetched_set, public_key

if TYPE_CHECKING:
    from kc_exchange.testing.brokers.model import IdentityProvider, Json

HMAC = ("HS256", "HS384", "HS512")
SIGNATURES = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
    "EdDSA",
)  # fmt: skip
KNOWN = (None, "none", *HMAC, *SIGNATURES)
ALPHABET = re.compile(r"[A-Za-z0-9_-]*")
PARTS = (2, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedToken:
    """Hold a token in compact form (RFC 7515 section 7.1), read but not checked."""

    text: str = field(repr=False)
    header: Json
    payload: bytes = field(repr=False)

    @property
    def algorithm(self) -> str | None:
        """Return the name of the signature's algorithm."""
        return self.header.get("alg")

    @property
    def claims(self) -> Json | None:
        """Return the claims, or None if there are none to read."""
        found = _object(self.payload)
        readable = found is not None and all(
            isinstance(found.get(name), int | None) for name in ("exp", "nbf", "iat")
        )
        return found if readable else None


def read_token(text: str) -> SignedToken | None:
    """Read a token in compact form; None if it is not one."""
    parts = _parts(text)
    decoded = [_decoded(part) for part in parts]
    if len(parts) not in PARTS or None in decoded:
        return None
    header = _object(decoded[0] or b"")
    if header is None or header.get("alg") not in KNOWN:
        return None
    return SignedToken(text=text, header=header, payload=decoded[1] or b"")


def read_external(text: str) -> SignedToken:
    """Read an external token, and fail on others as Keycloak fails on them.

    Raises:
        OAuthError: it is no token; the status is 500.
    """
    head = _decoded((_parts(text) or ["?"])[0])
    if head is None:
        raise failed()
    try:
        json.loads(head)
    except ValueError:
        kind = "invalid_request" if head else "unknown_error"
        raise OAuthError(kind, "Cannot parse the JSON", status=500) from None
    token = read_token(text)
    if token is None:
        raise failed()
    return token


def _parts(text: str) -> list[str]:
    """Split as Java does, which drops what is empty at the end."""
    parts = text.split(".")
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return parts if "." not in text or any(parts) else []


def _decoded(part: str) -> bytes | None:
    if not ALPHABET.fullmatch(part):
        return None
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error:
        return None


def _object(text: bytes) -> Json | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def is_signed_by(token: SignedToken, provider: IdentityProvider) -> bool:
    """Tell whether one of the provider's keys has signed the token."""
    if token.algorithm not in SIGNATURES:
        return False
    try:
        key = _key(provider, token.header.get("kid"), token.algorithm)
        jwt.api_jws.decode(token.text, key, algorithms=[token.algorithm])
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, OSError):
        return False
    return True


def _key(provider: IdentityProvider, kid: str | None, algorithm: str) -> Any:
    if provider.on("useJwksUrl"):
        return _chosen(fetched_set(provider.config["jwksUrl"]), kid, algorithm)
    given = provider.config["publicKeySignatureVerifier"].strip()
    if given.startswith("{"):
        return _chosen(json.loads(given), kid, algorithm)
    if provider.config.get("publicKeySignatureVerifierKeyId", kid) not in ("", kid):
        raise KeyError(kid)
    return public_key(given)


def _chosen(keys: Json, kid: str | None, algorithm: str) -> Any:
    """Return the key of that id, or the first for the algorithm where none is named."""
    for key in keys["keys"]:
        fits = key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm
        if fits and kid in (None, key.get("kid")):
            return jwt.PyJWK(key, algorithm).key
    raise KeyError(kid)
