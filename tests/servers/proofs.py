"""Read proofs of possession as a server does, by PyJWT and RFC 7638 alone."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.servers.acts import granted, grants, replies

if TYPE_CHECKING:
    from tests.servers.acts import Act, Wire

_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}
_KINDS = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ES512": lambda: ec.generate_private_key(ec.SECP521R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
}


ODD_PEM = (
    "-----BEGIN PRIVATE KEY-----\n"
    "MGECAQAwEAYHKoZIzj0CAQYFK4EEAAgESjBIAgEBBBUA4F0tDiPWSyj9Bo/QpAJm\n"
    "0highEShLAMqAAQF54ZUuHugH36M5FgNTY88m7usaGafElUqfE1Mw54kjdHtFEuE\n"
    "qGe+\n"
    "-----END PRIVATE KEY-----\n"
)
"""A key of a curve (secp160r1) that cryptography does not know."""


def key_pem(algorithm: str = "ES256") -> str:
    """Return a new private key, as DPOP_KEY has it."""
    key: Any = _KINDS[algorithm]()
    pem: bytes = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem.decode()


@dataclass(frozen=True)
class Proved:
    """What a proof says, once its signature holds."""

    claims: dict[str, Any]
    thumbprint: str
    algorithm: str


def proved(header: str, method: str, url: str, token: str = "") -> Proved:
    """Check a proof against the request that it came with (RFC 9449 section 4.3)."""
    fields = jwt.get_unverified_header(header)
    assert fields["typ"] == "dpop+jwt"
    assert not {"d", "p", "q", "dp", "dq", "qi"} & set(fields["jwk"])
    key = jwt.PyJWK(fields["jwk"], fields["alg"])
    claims = jwt.decode(header, key, algorithms=[fields["alg"]])
    assert (claims["htm"], claims["htu"]) == (method, url)
    assert abs(time.time() - claims["iat"]) < 60
    assert claims["jti"]
    assert claims.get("ath") == (_hash(token) if token else None)
    return Proved(claims, thumbprint_of(fields["jwk"]), fields["alg"])


def thumbprint_of(jwk: dict[str, str]) -> str:
    """Return a public key's thumbprint (RFC 7638)."""
    members = _MEMBERS.get(jwk["kty"], ("e", "kty", "n"))
    text = json.dumps(
        {name: jwk[name] for name in members}, sort_keys=True, separators=(",", ":")
    )
    return _hash(text)


def binds(
    members: dict[str, Any] | None = None,
    claims: dict[str, Any] | None = None,
    *headers: str,
) -> Act:
    """Bind what is granted to the key of the proof, as Keycloak does."""

    def act(wire: Wire) -> bool:
        url = f"{wire.issuer}/token"
        found = proved(wire.seen.headers["dpop"], "POST", url)
        bound = {"cnf": {"jkt": found.thumbprint}, **(claims or {})}
        kind = {"token_type": "DPoP", **(members or {})}
        body = json.dumps(granted(wire, kind, bound))
        return replies(body, 200, *headers)(wire)

    return act


def as_keycloak(claims: dict[str, Any]) -> Act:
    """Bind what comes with a proof, and grant a bearer token without."""

    def act(wire: Wire) -> bool:
        is_bound = "dpop" in wire.seen.headers
        return (binds({}, claims) if is_bound else grants({}, claims))(wire)

    return act


def wants_nonce(nonce: str) -> Act:
    """Refuse until the proof has this nonce in it (RFC 9449 section 8)."""
    body = json.dumps({"error": "use_dpop_nonce"})
    return replies(body, 400, f"DPoP-Nonce: {nonce}")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
