"""A crowd that comes at once, and a breaker that learns from it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from kc_exchange.exceptions import ExchangeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kc_exchange.exchange.breaker import Breaker
    from tests.servers import Act


class Gate:
    """Hold requests up in front of an act until the gate opens."""

    def __init__(self, act: Act) -> None:
        self._act = act
        self._arrived = threading.Semaphore(0)
        self._opened = threading.Event()

    def __call__(self, wire: Any) -> bool:
        """Wait, then act."""
        self._arrived.release()
        while not self._opened.wait(0.05):
            if wire.stopping.is_set():
                return False
        return self._act(wire)

    def wait_for(self, count: int) -> None:
        """Wait until so many more requests stand in front of it."""
        for _ in range(count):
            assert self._arrived.acquire(timeout=20), "they do not come"

    def open_for_first(self) -> None:
        """Open as soon as somebody stands in front of it."""
        self.wait_for(1)
        self.open()

    def open(self) -> None:
        """Let all through, and whoever comes later."""
        self._opened.set()


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Call `work` in so many threads; return what each returned or raised."""
    barrier = threading.Barrier(count)

    def one(number: int) -> Any:
        barrier.wait(20)
        try:
            return work(number)
        except ExchangeError as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def fail(breaker: Breaker, times: int = 1) -> None:
    """Let so many requests fail."""
    for _ in range(times):
        with breaker.attempt() as attempt:
            attempt.answered, attempt.why = False, "it burns."


def answer(breaker: Breaker) -> None:
    """Let a request be answered."""
    with breaker.attempt() as attempt:
        attempt.answered = True
