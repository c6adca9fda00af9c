"""Start anew in a forked child: locks and sockets of the parent are of no use there."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def in_child(reset: Callable[[], object]) -> None:
    """Call `reset` in each forked child; do nothing where nothing forks."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=reset)


class Lock:
    """A lock of a module, free in a child: a thread left behind may hold the parent's.

    Use it in a `with` statement. It is never forgotten, so make none per object.
    """

    def __init__(self) -> None:
        self._renew()
        in_child(self._renew)

    def _renew(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_exception: object) -> None:
        self._lock.release()
