"""A token in the memory of a process, and until when it serves there."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kc_exchange.cache.stored import Stored

_RENEW_AT = 0.8
_JITTER = 0.1
_ALONE = 60.0
"""Seconds that an entry serves at the most while the shared cache is away."""


class Entry:
    """A token, and when it ends here, by the monotonic clock."""

    __slots__ = (
        "alone_until",
        "fresh_until",
        "marks",
        "obtained_at",
        "renew_at",
        "token",
        "valid_until",
    )

    def __init__(self, stored: Stored, marks: bytes, local_seconds: float) -> None:
        now = time.monotonic()
        began = now - max(0.0, time.time() - stored.obtained_at)
        share = _RENEW_AT + random.uniform(-_JITTER, _JITTER)  # noqa: S311
        self.token = stored.token
        self.marks = marks
        self.obtained_at = stored.obtained_at
        self.valid_until = began + stored.usable_for
        self.renew_at = began + stored.usable_for * share
        known_at = now if stored.verified_at is None else stored.verified_at
        self.fresh_until = known_at + local_seconds
        self.alone_until = known_at + max(local_seconds, _ALONE)

    def end_by(self, moment: float) -> None:
        """Let it serve no longer than that, whatever is heard of its owners."""
        self.fresh_until = min(self.fresh_until, moment)
        self.alone_until = min(self.alone_until, moment)

    @property
    def serves_until(self) -> float:
        """By the monotonic clock: as long as it is valid, and known to be anybody's."""
        return min(self.valid_until, self.fresh_until)
