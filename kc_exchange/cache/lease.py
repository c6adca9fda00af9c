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


def lasting(seconds: float) -> int:
    """Return how long a lease lasts for a question that may take `seconds`."""
    return math.ceil(seconds + _GRACE)


class Lease:
    """A lease that ends by itself, so that a holder who died holds nobody up."""

    def __init__(self, backend: Backend, name: str) -> None:
        self._backend = backend
        self._name = name
        self._own = os.urandom(12).hex().encode()
        self._ends_at = 0.0

    def take(self, seconds: float) -> bool | None:
        """Return whether it is ours from now on; None if the cache is away."""
        ends_at = time.monotonic() + lasting(seconds)
        taken = self._backend.add(self._name, self._own, lasting(seconds))
        if taken:
            self._ends_at = ends_at
        return taken

    def release(self) -> None:
        """Give it back, if it is still ours.

        Caches cannot compare and delete in one step. So it is left to end by itself
        where it is about to: it would be another's by the time it is deleted.
        """
        if time.monotonic() + _GRACE / 2 >= self._ends_at:
            return
        found = self._backend.get_many([self._name])
        if found and found.get(self._name) == self._own:
            self._backend.delete([self._name])
