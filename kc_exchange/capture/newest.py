"""Remember the newest sealed tokens of the sessions that changed here last.

Django saves a session as a whole, so a request that loaded it before a renewal and
saves it after would bring the old refresh token back, which Keycloak may have revoked.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import NamedTuple

from django.views.decorators.debug import sensitive_variables

from kc_exchange import forks

_SIZE = 1024


class Newest(NamedTuple):
    """The newest sealed tokens of a session; an empty text: they were forgotten."""

    generation: int
    sealed: str


_entries: OrderedDict[str, Newest] = OrderedDict()
_writing = forks.Lock()


@sensitive_variables()
def of(session_key: str) -> Newest | None:
    """Return the newest that this process knows of, None if it knows nothing."""
    return _entries.get(session_key)


@sensitive_variables()
def remember(session_key: str, generation: int, sealed: str) -> None:
    """Remember `sealed`, unless something newer is known; drop the oldest entry."""
    with _writing:
        known = _entries.get(session_key)
        if known is not None and known.generation > generation:
            return
        _entries[session_key] = Newest(generation, sealed)
        _entries.move_to_end(session_key)
        if len(_entries) > _SIZE:
            _entries.popitem(last=False)


@sensitive_variables()
def drop(session_key: str) -> None:
    """Know nothing of a session any more."""
    with _writing:
        _entries.pop(session_key, None)


def next_generation(before: int = 0) -> int:
    """Return the milliseconds since the epoch, or more: greater than `before`."""
    return max(time.time_ns() // 1_000_000, before + 1)
