"""Which marks were dropped since when, for whoever began before and ends after."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

AGAIN = 60
"""Seconds after an end, when what was obtained meanwhile is obtained anew: Keycloak
says that a session is over before it ends it, and gives tokens of it until then."""
_REMEMBERED = 4096


class Drops:
    """The last drops by mark, in their order. Used under the lock of its owner."""

    def __init__(self) -> None:
        self.count = 0
        """How many drops there were."""
        self._last: OrderedDict[bytes, tuple[int, float]] = OrderedDict()
        self._all_before = 0

    def note(self, marks: Iterable[bytes]) -> None:
        """Note a drop of these marks."""
        self.count += 1
        for mark in marks:
            self._last[mark] = self.count, time.monotonic()
            self._last.move_to_end(mark)
        while len(self._last) > _REMEMBERED:
            _, (self._all_before, _) = self._last.popitem(last=False)

    def note_all(self) -> None:
        """Note a drop of everything."""
        self.count += 1
        self._all_before = self.count

    def since(self, begun: int, marks: Iterable[bytes]) -> bool:
        """Whether one of the marks was dropped, or may have been, after `begun`."""
        if begun < self._all_before:
            return True
        return any(self._last[mark][0] > begun for mark in marks if mark in self._last)

    def doubtful_until(self, owners: Iterable[bytes]) -> float:
        """Return when what is obtained now is to be obtained anew.

        By the monotonic clock; infinity where no drop is so recent.
        """
        dropped = (self._last[mark][1] for mark in owners if mark in self._last)
        ends = (at + AGAIN for at in dropped)
        return min((at for at in ends if at > time.monotonic()), default=math.inf)
