"""Bound how many requests to one token endpoint are under way (a bulkhead).

A slow Keycloak then holds so many threads of a process, and not all of them.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import Condition
from typing import TYPE_CHECKING

from kc_exchange.exceptions import ExchangeUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

_SOON = 1.0
"""Seconds after which whoever is turned away may try again."""


class Bulkhead:
    """`places` for requests; its lock is never held during one."""

    def __init__(self, realm: str, places: int) -> None:
        self._realm = realm
        self._places = places
        self._freed = Condition()
        self._begun: dict[object, float] = {}
        self._last = 0.0
        """Seconds that the last request took; 0 once none is under way: what it says
        of the next ones grows old."""

    @contextmanager
    def place(self, patience: float) -> Iterator[None]:
        """Hold a place; wait for one `patience` seconds at the most.

        Nobody waits where requests take longer than that.

        Raises:
            ExchangeUnavailable: none became free.
        """
        mine = object()
        self._enter(mine, patience)
        try:
            yield
        finally:
            with self._freed:
                took = time.monotonic() - self._begun.pop(mine)
                self._last = took if self._begun else 0.0
                self._freed.notify()

    def _enter(self, mine: object, patience: float) -> None:
        until = time.monotonic() + patience
        with self._freed:
            while len(self._begun) >= self._places:
                left = until - time.monotonic()
                if left <= 0 or self._takes() > patience:
                    raise self._full()
                self._freed.wait(left)
            self._begun[mine] = time.monotonic()

    def _takes(self) -> float:
        """Return the seconds that a request takes at the moment, at least.

        All places are taken, so that the youngest speaks for each: one may just hang.
        """
        youngest = next(reversed(self._begun.values()))
        return max(self._last, time.monotonic() - youngest)

    def _full(self) -> ExchangeUnavailable:
        error = ExchangeUnavailable(
            f"{self._places} requests to Keycloak are under way already, and it "
            "answers slowly.",
            "Look at Keycloak's load; MAX_IN_FLIGHT sets how many requests a process "
            "may have under way.",
            realm=self._realm,
            diagnosis="bulkhead_full",
        )
        error.retry_after = _SOON
        return error
