"""Many who begin at the same moment."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_T = TypeVar("_T")
_PATIENCE = 120


def at_once(acts: Sequence[Callable[[], _T]]) -> list[_T]:
    """Do all of it, each in a thread, begun when all of them are there."""
    gate = threading.Barrier(len(acts))

    def act(what: Callable[[], _T]) -> _T:
        gate.wait(_PATIENCE)
        return what()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act, acts))
