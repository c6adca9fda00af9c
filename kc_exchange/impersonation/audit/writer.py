"""A thread with a database connection of its own, for what must outlast a rollback."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from django.db import connections

from kc_exchange import forks

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_pool: ThreadPoolExecutor | None = None
_lock = forks.Lock()


def run(work: Callable[[], T]) -> T:
    """Run `work` in the thread, and return what it returns or raise what it raises.

    The connection is closed after each use: it is used rarely, and nobody else would.
    """
    return _started().submit(_closing, work).result()


def _closing(work: Callable[[], T]) -> T:
    try:
        return work()
    finally:
        connections.close_all()


def _started() -> ThreadPoolExecutor:
    global _pool  # noqa: PLW0603 - one thread for the process
    with _lock:
        if _pool is None:
            _pool = ThreadPoolExecutor(1, thread_name_prefix="kc_exchange_audit")
        return _pool


def _forget() -> None:
    global _pool  # noqa: PLW0603
    _pool = None


forks.in_child(_forget)
