"""Threads that work while a test does something else."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable


class Background:
    """Threads that work from a block's begin until it is left.

    Each does its work until `over` is set. Leaving the block raises what ended one of
    them before.
    """

    def __init__(self, *work: Callable[[], None]) -> None:
        self.over = threading.Event()
        self.errors: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._run, args=(one,), daemon=True) for one in work
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join()
        assert not self.errors, self.errors

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - the block's end raises it
            self.errors.append(error)
