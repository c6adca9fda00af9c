"""Keep exchanged tokens while they are good; ask for each of them once at a time."""

from __future__ import annotations

import hashlib
import hmac
import os

from kc_exchange.cache.flight import Flights
from kc_exchange.cache.marks import mark_of
from kc_exchange.cache.refused import Refused
from kc_exchange.cache.store import TokenCache

__all__ = [
    "Flights",
    "Refused",
    "TokenCache",
    "brokered",
    "cache_key",
    "drop_issuer",
    "refused",
    "tokens",
]

_key = os.urandom(32)

tokens = TokenCache()
"""The exchanged tokens of this process."""
brokered = TokenCache()
"""Tokens that others are exchanged from: of users in another realm, and of actors.

Apart from `tokens`, since whoever obtains one of those may wait for one of these.
"""
refused = Refused()
"""What this process was refused in the last 30 seconds."""


def cache_key(*parts: str, issuers: tuple[str, str] = ("", "")) -> bytes:
    """Return the key of a cache entry: everything that decides which token it is.

    Each part is preceded by its length, so that no two lists of parts run into the
    same text; the HMAC's key lives and dies with the process, so that a key confirms
    no guessed token. In front are the marks of those whose tokens it hangs on: see
    `drop_issuer`.
    """
    digest = hmac.new(_key, digestmod=hashlib.sha256)
    for part in parts:
        raw = part.encode()
        digest.update(b"%d:" % len(raw))
        digest.update(raw)
    return mark_of(issuers[0]) + mark_of(issuers[1]) + digest.digest()


def drop_issuer(issuer: str) -> None:
    """Drop every token that `issuer` issued, and what was obtained for one of its."""
    for kept in (tokens, brokered):
        kept.drop_marked(mark_of(issuer))


def forget_session(issuer: str, session_id: str) -> None:
    """Stand in until the counters are there."""
    del issuer, session_id
    tokens.clear()
    brokered.clear()


def forget_person(issuer: str, sub: str) -> None:
    """Stand in until the counters are there."""
    del issuer, sub
    tokens.clear()
    brokered.clear()
