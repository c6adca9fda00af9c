"""Sign a proof for one request (RFC 9449 section 4.2)."""

from __future__ import annotations

import hashlib
import time
import uuid
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jwt
from django.views.decorators.debug import sensitive_variables

from kc_exchange.tokens import Secret

if TYPE_CHECKING:
    from kc_exchange.dpop.keys import ProofKey

HEADER = "DPoP"
"""The header that carries the proof; also the scheme of `Authorization`."""
NONCE = "DPoP-Nonce"
USE_NONCE = "use_dpop_nonce"
"""The error of a server that wants its nonce in the proof."""
_PORTS = {"https": "443", "http": "80"}


@sensitive_variables()
def proof(
    key: ProofKey, method: str, url: str, *, token: str = "", nonce: str = ""
) -> str:
    """Return the value of the header for one request, once.

    Args:
        key: what the token is bound to, or will be.
        method: the request's method.
        url: its URL as it is sent; query and fragment are left out of the proof.
        token: the access token that goes with it; none at a token endpoint.
        nonce: what the server last asked for.
    """
    claims: dict[str, Any] = {
        "htm": method,
        "htu": _target(url),
        "iat": int(time.time()),
        "jti": str(uuid.uuid4()),
    }
    if token:
        digest = hashlib.sha256(token.encode()).digest()
        claims["ath"] = urlsafe_b64encode(digest).rstrip(b"=").decode()
    if nonce:
        claims["nonce"] = nonce
    headers = {"typ": "dpop+jwt", "jwk": dict(key.public)}
    made = jwt.encode(claims, key.private, algorithm=key.algorithm, headers=headers)
    return Secret(made)


def _target(url: str) -> str:
    """Return the address in a proof: `Host` names no default port, so it does not."""
    url = url.partition("#")[0].partition("?")[0]
    parts = urlsplit(url)
    host, _, port = parts.netloc.rpartition(":")
    if not port or port != _PORTS.get(parts.scheme):
        return url
    return f"{parts.scheme}://{host}{parts.path}"
