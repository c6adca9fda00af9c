"""Bytes of HTTP, and tokens that nobody signed: the requester does not verify them."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any

SIGNATURE = "c2lnbmF0dXJlLW9mLWEtdGVzdA"


def http(
    body: bytes | str = b"",
    status: int = 200,
    *headers: str,
    kind: str = "application/json",
) -> bytes:
    """Return one reply with its length."""
    raw = body if isinstance(body, bytes) else body.encode()
    lines = [
        f"HTTP/1.1 {status} Whatever",
        f"Content-Type: {kind}",
        f"Content-Length: {len(raw)}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + raw


def jwt_of(**claims: Any) -> str:
    """Return a compact JWT with these claims."""
    header = {"alg": "RS256", "typ": "JWT"}
    return f"{_part(header)}.{_part(claims)}.{SIGNATURE}"


def _part(value: object) -> str:
    raw = json.dumps(value, separators=(",", ":")).encode()
    return urlsafe_b64encode(raw).decode().rstrip("=")
