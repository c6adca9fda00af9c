"""Which marks were dropped since when, for whoever began before and ends after."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_REMEMBERED = 4096


class Drops:
    """The last drops by mark, in their order. Used under the lock of its owner."""

    def __init__(self) -> None:
        self.count = 0
        """How many drops there were."""
        self._last: OrderedDict[bytes, int] = OrderedDict()
        self._all_before = 0

    def note(self, marks: Iterable[bytes]) -> None:
        """Note a drop of these marks."""
        self.count += 1
        for mark in marks:
            self._last[mark] = self.count
            self._last.move_to_end(mark)
        while len(self._last) > _REMEMBERED:
            _, self._all_before = self._last.popitem(last=False)

    def note_all(self) -> None:
        """Note a drop of everything."""
        self.count += 1
        self._all_before = self.count

    def since(self, begun: int, marks: Iterable[bytes]) -> bool:
        """Whether one of the marks was dropped, or may have been, after `begun`."""
        if begun < self._all_before:
            return True
        return any(self._last.get(mark, 0) > begun for mark in marks)
