"""One call at a time for each key; whoever comes meanwhile shares its outcome."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING

from kc_exchange import forks
from kc_exchange.exceptions import ExchangeError, ExchangeUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from kc_exchange.tokens import AccessToken

_WORKERS = 128
"""More than MAX_IN_FLIGHT of one realm: one that is slow leaves some to the others."""
_GRACE = 1.0
"""Seconds a waiter gives the leader beyond the leader's own deadline."""


class Flights:
    """The calls under way, by key. Threads and event loops meet in the same call."""

    def __init__(self) -> None:
        self.reset()
        forks.in_child(self.reset)

    def reset(self) -> None:
        """Forget what is under way: in a forked child nobody would ever finish it."""
        self._lock = threading.Lock()
        self._under_way: dict[bytes, tuple[Future[AccessToken], bytes]] = {}
        self._pool: ThreadPoolExecutor | None = None

    def run(
        self,
        key: bytes,
        load: Callable[[], AccessToken],
        deadline: float,
        marks: bytes = b"",
    ) -> AccessToken:
        """Return what `load` returns, called here or by whoever came first.

        `deadline`: the seconds that `load` may take. `marks`: what `part` goes by. A
        failure is shared, too: each waiter raises a copy of its own.

        Raises:
            ExchangeUnavailable: the one who came first did not finish.
        """
        future, leads = self._join(key, marks)
        if leads:
            self._lead(key, future, load)
            return future.result()
        try:
            return future.result(deadline + _GRACE)
        except FutureTimeout as error:
            raise _unfinished() from error
        except ExchangeError as error:
            raise error.fresh() from None

    async def arun(
        self,
        key: bytes,
        load: Callable[[], AccessToken],
        deadline: float,
        marks: bytes = b"",
    ) -> AccessToken:
        """Do as `run` does, for an event loop. A cancelled waiter cancels only itself.

        The call runs in a thread of its own, not in the loop.
        """
        future = self.start(key, load, marks)
        waiting = asyncio.shield(asyncio.wrap_future(future))
        try:
            return await asyncio.wait_for(waiting, deadline + _GRACE)
        except TimeoutError as error:
            raise _unfinished() from error
        except ExchangeError as error:
            raise error.fresh() from None

    def start(
        self, key: bytes, load: Callable[[], AccessToken], marks: bytes = b""
    ) -> Future[AccessToken]:
        """Return the call for `key`, begun in the background if none is under way."""
        future, leads = self._join(key, marks)
        if leads:
            try:
                self._executor().submit(self._lead, key, future, load)
            except BaseException as error:
                self._land(key, future)
                future.set_exception(error)
                raise
        return future

    def part(self, ended: Callable[[bytes], bool]) -> None:
        """Let nobody join calls any more whose marks have `ended`.

        Whoever waits for one gets its outcome; whoever comes later begins another.
        """
        with self._lock:
            for key, (_, marks) in list(self._under_way.items()):
                if ended(marks):
                    del self._under_way[key]

    def _join(self, key: bytes, marks: bytes) -> tuple[Future[AccessToken], bool]:
        with self._lock:
            if key in self._under_way:
                return self._under_way[key][0], False
            future: Future[AccessToken] = Future()
            self._under_way[key] = future, marks
            # Running futures cannot be cancelled: no waiter ends it for the others.
            future.set_running_or_notify_cancel()
            return future, True

    def _lead(
        self,
        key: bytes,
        future: Future[AccessToken],
        load: Callable[[], AccessToken],
    ) -> None:
        try:
            token = load()
        except Exception as error:  # noqa: BLE001 - whatever it is, waiters get it
            self._land(key, future)
            future.set_exception(error)
        except BaseException:
            self._land(key, future)
            future.set_exception(_unfinished())
            raise
        else:
            self._land(key, future)
            future.set_result(token)

    def _land(self, key: bytes, future: Future[AccessToken]) -> None:
        with self._lock:
            if key in self._under_way and self._under_way[key][0] is future:
                del self._under_way[key]

    def _executor(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(
                    _WORKERS, thread_name_prefix="kc_exchange"
                )
            return self._pool


def _unfinished() -> ExchangeUnavailable:
    return ExchangeUnavailable(
        "The exchange that this call waited for did not finish.", "Try again."
    )
