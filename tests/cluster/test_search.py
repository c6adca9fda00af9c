"""The search for tokens finds them, and nothing else."""

from __future__ import annotations

import base64
import json
import secrets
import zlib
from urllib.parse import quote

import pytest
from django.core import signing

from tests.cluster.search import Search


def token(**claims: object) -> str:
    """Return what looks like a token."""
    parts = [
        json.dumps({"alg": "RS256", "typ": "JWT", "kid": "one"}).encode(),
        json.dumps({"iss": "https://id.example.com", **claims}).encode(),
        secrets.token_bytes(256),
    ]
    encoded = (base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    return b".".join(encoded).decode()


TOKEN = token(sub=secrets.token_hex(16), jti=secrets.token_hex(16))
OTHER = token(sub=secrets.token_hex(16), jti=secrets.token_hex(16))
SIGNATURE = TOKEN.rpartition(".")[2]
RAW = base64.urlsafe_b64decode(SIGNATURE + "==")
HIDINGS = {
    "whole": TOKEN,
    "its signature": SIGNATURE,
    "a piece of its signature": SIGNATURE[100:140],
    "a piece of its claims": TOKEN.split(".")[1][60:100],
    "in Base64": base64.b64encode(f"[[], {TOKEN!r}]".encode()).decode(),
    "in Base64 twice": base64.b64encode(base64.b64encode(SIGNATURE.encode())).decode(),
    "percent-encoded": quote(quote(base64.b64encode(SIGNATURE.encode()))),
    "in a session": signing.dumps({"token": SIGNATURE}, key="k", compress=True),
    "in a short session": signing.dumps({"token": SIGNATURE[:64]}, key="k"),
    "its bytes": RAW.decode("latin-1"),
    "compressed": base64.b64encode(zlib.compress(TOKEN.encode())).decode(),
    "as Redis tells": "".join(f"\\x{byte:02x}" for byte in RAW),
}


@pytest.mark.parametrize("hidden", HIDINGS.values(), ids=HIDINGS)
def test_search__finds_what_is_hidden(hidden: str) -> None:
    text = f"GET /orders/ 200 {hidden} 12 ms\n" * 2
    assert Search([TOKEN, OTHER]).found(text.encode("latin-1"))


def test_search__finds_a_token_that_nobody_told_of() -> None:
    assert Search([]).found(f"got {TOKEN}".encode()) == "a token"


def test_search__finds_a_secret() -> None:
    basic = base64.b64encode(b"shop:its-secret-0123456789").decode()
    assert Search([], ["its-secret-0123456789"]).found(f"Basic {basic}".encode())


def test_search__finds_nothing_where_nothing_is() -> None:
    """What two tokens have in common is not theirs."""
    common = base64.urlsafe_b64encode(b'{"iss": "https://id.example.com", "sub": ""}')
    text = f"{common.decode()} {secrets.token_urlsafe(4096)} {secrets.token_hex(999)}"
    assert Search([TOKEN, OTHER]).found(text.encode()) == ""
