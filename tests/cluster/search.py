"""Look for secrets, whole or in pieces, however they are encoded."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PIECE = 16
"""Twice as many characters of a token in a row are found in any case."""
_RAW = 8
"""The same in bytes of its signature as it is, decoded."""
_DEPTH = 3
"""How often something encoded is looked for in something decoded."""
_ENCODED = re.compile(rb"[A-Za-z0-9_\-+/]{24,}")
_ESCAPED = re.compile(rb"\\x([0-9a-fA-F]{2})")
_JWT = re.compile(rb"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}")
_ZLIB = b"\x78"


class Search:
    """What to look for: tokens (JWT), by their own pieces, and other secrets."""

    def __init__(self, tokens: Iterable[str], secrets: Iterable[str] = ()) -> None:
        self._pieces: set[bytes] = set()
        common: set[bytes] = set()
        self._raw: set[bytes] = set()
        for token in tokens:
            _, claims, signature = token.split(".")
            own = {*_pieces(claims.encode(), _PIECE)}
            # What two tokens have in common, such as the issuer, gives neither away.
            common |= own & self._pieces
            self._pieces |= own | {*_pieces(signature.encode(), _PIECE)}
            self._raw |= {*_pieces(_decoded(signature.encode()), _RAW)}
        self._pieces -= common
        self._secrets = [secret.encode() for secret in secrets]

    def found(self, text: bytes) -> str:
        """Return what is there of it, in a word; empty if there is nothing."""
        for form in forms(text):
            if any(secret in form for secret in self._secrets):
                return "a secret"
            if _JWT.search(form):
                return "a token"
            for run in _ENCODED.finditer(form):
                if not self._pieces.isdisjoint(_pieces(run[0], _PIECE, _PIECE)):
                    return "a piece of a token"
            if not self._raw.isdisjoint(_pieces(form, _RAW, _RAW)):
                return "a decoded signature"
        return ""


def forms(text: bytes, depth: int = _DEPTH) -> Iterator[bytes]:
    """Yield a text as it is, and whatever is encoded in it."""
    yield text
    if not depth:
        return
    if b"%" in text:
        yield from forms(unquote_to_bytes(text), 0)
    if _ESCAPED.search(text):
        yield from forms(_ESCAPED.sub(_byte, text), depth - 1)
    inner = b"\n".join(_inner(text))
    if inner:
        yield from forms(inner, depth - 1)


def _inner(text: bytes) -> Iterator[bytes]:
    for run in _ENCODED.finditer(text):
        decoded = _decoded(run[0])
        yield decoded
        if decoded.startswith(_ZLIB):
            with suppress(zlib.error):
                yield zlib.decompress(decoded)


def _byte(escaped: re.Match[bytes]) -> bytes:
    return bytes.fromhex(escaped[1].decode())


def _decoded(encoded: bytes) -> bytes:
    whole = encoded.translate(bytes.maketrans(b"-_", b"+/"))
    whole = whole[: len(whole) - (len(whole) % 4 == 1)]
    with suppress(binascii.Error):
        return base64.b64decode(whole + b"=" * (-len(whole) % 4))
    return b""


def _pieces(text: bytes, size: int, step: int = 1) -> Iterator[bytes]:
    return (text[at : at + size] for at in range(0, len(text) - size + 1, step))
