"""By which issuers' tokens a cache entry stands or falls, in front of its key."""

from __future__ import annotations

import hashlib
from functools import lru_cache

LENGTH = 8


@lru_cache(maxsize=1024)
def mark_of(issuer: str) -> bytes:
    """Return the mark of an issuer URL; that of "" stands for nobody."""
    return hashlib.sha256(issuer.encode()).digest()[:LENGTH]


def has_mark(key: bytes, mark: bytes) -> bool:
    """Whether a key begins with the mark, as one of two."""
    return mark in (key[:LENGTH], key[LENGTH : 2 * LENGTH])
