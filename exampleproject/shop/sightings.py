"""Tell a token that was exchanged just now from one that came out of the cache.

A service reports the id (`jti`) of the token it was called with. An id that has not
been seen before is a new token.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

_MOST = 10_000
_known: OrderedDict[str, None] = OrderedDict()
_lock = threading.Lock()


def sighted(seen: dict[str, Any]) -> dict[str, Any]:
    """Return what a service saw, with `cached`: has that token been used before?"""
    token_id = str(seen["jti"])
    with _lock:
        cached = token_id in _known
        _known[token_id] = None
        if len(_known) > _MOST:
            _known.popitem(last=False)
    return {**seen, "cached": cached}
