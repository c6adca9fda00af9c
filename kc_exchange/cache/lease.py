"""The right to ask Keycloak for a key, which one of several processes has at a time."""

from __future__ import annotations

import math
import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kc_exchange.cache.backend import Backend

_GRACE = 1.0
"""Seconds that a lease lasts beyond what its holder's question may take."""
_MARGIN = 0.5
"""Seconds before its end from which it is left alone, or TIMEOUT if that is more."""
GIVEN_UP = b"given up"
"""What a holder leaves that failed; one that died leaves what it held."""
_SAID = 2
"""Seconds in which every process that waits for a lease looks after it."""


def lasting(seconds: float) -> int:
    """Return how long a lease lasts for a question that may take `seconds`."""
    return math.ceil(seconds + _GRACE)


class Lease:
    """A lease that ends by itself, so that a holder who died holds nobody up."""

    def __init__(self, backend: Backend, name: str) -> None:
        self._backend = backend
        self.name = name
        self._own = os.urandom(12).hex().encode()
        self._ends_at = 0.0

    def take(self, seconds: float) -> bool | None:
        """Return whether it is ours from now on; None if the cache is away."""
        ends_at = time.monotonic() + lasting(seconds)
        taken = self._backend.add(self.name, self._own, lasting(seconds))
        if taken:
            self._ends_at = ends_at
        return taken

    def release(self) -> None:
        """Give it back, if it is still ours."""
        if self._is_ours():
            self._backend.delete([self.name])

    def give_up(self) -> None:
        """Tell whoever waits that nothing comes of it, if it is still ours.

        Until all have heard so, nobody takes it.
        """
        if self._is_ours():
            self._backend.put(self.name, GIVEN_UP, _SAID)

    def _is_ours(self) -> bool:
        """Whether it is, and stays so for as long as one operation may take.

        Caches cannot compare and delete in one step. So it is left to end by itself
        where it is about to: it would be another's by the time it is deleted.
        """
        return self._lasts() and self._holds(self._own) and self._lasts()

    def _holds(self, value: bytes) -> bool:
        found = self._backend.get_many([self.name]) or {}
        return found.get(self.name) == value

    def _lasts(self) -> bool:
        return time.monotonic() + max(_MARGIN, self._backend.timeout) < self._ends_at
