"""Check proofs of possession (RFC 9449)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jwt

from kc_exchange.testing.errors import OAuthError
from kc_exchange.testing.keys import b64url

if TYPE_CHECKING:
    from kc_exchange.testing.context import RealmServer
    from kc_exchange.testing.messages import Request
    from kc_exchange.testing.model import Client

Json = dict[str, Any]

REQUIRED = "dpop.bound.access.tokens"
ALGORITHMS = [
    "ES256", "ES384", "ES512", "EdDSA", "PS256", "PS384", "PS512", "RS256", "RS384",
    "RS512",
]  # fmt: skip
LIFETIME = 20
CLOCK_SKEW = 15
MEMBERS = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}


@dataclass(frozen=True, slots=True)
class Proof:
    """Hold a checked proof's key thumbprint and its access token hash."""

    thumbprint: str
    token_hash: str | None


def check_proof(server: RealmServer, request: Request, client: Client) -> str | None:
    """Return the thumbprint of the key that the request proves, or None.

    Raises:
        OAuthError: the proof does not stand, or the client must send one.
    """
    header = request.headers.get("DPoP")
    if header is None:
        if client.on(REQUIRED):
            raise _refusal("DPoP proof is missing")
        return None
    return read_proof(server, request, header).thumbprint


def read_proof(server: RealmServer, request: Request, header: str) -> Proof:
    """Return what the proof says once it is checked against the request.

    Raises:
        OAuthError: `invalid_request`, with Keycloak's text for the cause.
    """
    fields = _header(header)
    key = fields["jwk"]
    claims = _claims(header, key, fields["alg"])
    if any(claims.get(name) is None for name in ("htm", "htu", "iat", "jti")):
        raise _refusal("DPoP mandatory claims are missing")
    if claims["htm"] != request.method:
        raise _refusal("DPoP HTTP method mismatch")
    if _bare(claims["htu"]) != server.base_url + request.path:
        raise _refusal("DPoP HTTP URL mismatch")
    _check_time(server, claims)
    return Proof(_thumbprint(key), claims.get("ath"))


def _header(proof: str) -> Json:
    try:
        fields: Json = jwt.get_unverified_header(proof)
    except jwt.InvalidTokenError:
        raise _refusal("DPoP header verification failure") from None
    if fields.get("typ") != "dpop+jwt":
        raise _refusal(f"Invalid or missing type in DPoP header: {fields.get('typ')}")
    if fields.get("alg") not in ALGORITHMS:
        raise _refusal(f"Unsupported DPoP algorithm: {fields.get('alg')}")
    if not isinstance(fields.get("jwk"), dict) or "d" in fields["jwk"]:
        raise _refusal("No JWK in DPoP header")
    return fields


def _claims(proof: str, key: Json, algorithm: str) -> Json:
    options: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
    try:
        public = jwt.PyJWK(key, algorithm)
        return jwt.decode(proof, public, algorithms=[algorithm], options=options)
    except (jwt.PyJWTError, ValueError, TypeError):
        raise _refusal("DPoP verification failure") from None


def _bare(address: object) -> str:
    parts = urlsplit(str(address))
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def _check_time(server: RealmServer, claims: Json) -> None:
    now, issued_at = server.clock.seconds(), int(claims["iat"])
    if not now - LIFETIME - CLOCK_SKEW < issued_at <= now + CLOCK_SKEW:
        raise _refusal("DPoP proof is not active")
    ends_at = issued_at + LIFETIME + CLOCK_SKEW
    if not server.sessions.first_use(f"dpop:{claims['jti']}", ends_at):
        raise _refusal("DPoP proof has already been used")


def _thumbprint(key: Json) -> str:
    members = MEMBERS.get(str(key.get("kty")), ("e", "kty", "n"))
    canonical = json.dumps(
        {name: key[name] for name in members}, sort_keys=True, separators=(",", ":")
    )
    return b64url(hashlib.sha256(canonical.encode()).digest())


def _refusal(description: str) -> OAuthError:
    return OAuthError("invalid_request", description)
