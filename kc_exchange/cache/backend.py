"""Reach the cache that processes share: in bounded time, and never by pickle.

What goes wrong is an answer, too: None stands for a cache that is away. After one
failure nobody asks it, until a thread of its own has found it well again.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache

from kc_exchange import forks
from kc_exchange.cache import redis_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.core.cache.backends.base import BaseCache

_log = logging.getLogger("kc_exchange")
_PAUSE = 1.0
"""Seconds between two looks whether the cache is back."""
_MOST_UNSAID = 100_000
_PROBE = "kc_exchange:probe"

_T = TypeVar("_T")


class Backend:
    """One alias of CACHES; an operation on Redis waits `timeout` seconds at the most.

    Other caches have no timeout of ours: theirs is in their OPTIONS.
    """

    def __init__(self, alias: str, timeout: float) -> None:
        self.timeout = timeout
        self._alias = alias
        self._reset()
        forks.in_child(self._reset)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._own: BaseCache | None = None
        self._away = False
        self._is_waited_for = False
        self._unsaid: dict[str, tuple[int, object]] = {}

    @property
    def is_away(self) -> bool:
        """Whether the last that was heard of it is a failure."""
        return self._away

    def get_many(self, names: list[str]) -> dict[str, Any] | None:
        """Return what is there of these names."""
        return self._asked(lambda cache: cache.get_many(names))

    def put(self, name: str, value: bytes, seconds: int) -> None:
        """Keep a value; if that fails, it is not kept."""
        self._asked(lambda cache: cache.set(name, value, seconds))

    def add(self, name: str, value: bytes, seconds: int) -> bool | None:
        """Keep a value if nothing is there yet, and return whether it was kept."""
        return self._asked(lambda cache: cache.add(name, value, seconds))

    def delete(self, names: Iterable[str]) -> None:
        """Drop what is there of these names."""
        self._asked(lambda cache: cache.delete_many(list(names)))

    def say(self, names: list[str], seconds: int) -> None:
        """Put a new value under each name by all means: if need be, once it is back.

        Until then the names wait in this process, and are lost with it.
        """
        said = object()
        while not self._asked(lambda cache: _renew(cache, names, seconds)):
            with self._lock:
                self._unsaid |= dict.fromkeys(names, (seconds, said))
                while len(self._unsaid) > _MOST_UNSAID:
                    del self._unsaid[next(iter(self._unsaid))]
                if self._away:  # who waits for it will say it
                    return
        self._note_said(names, said)

    def _note_said(self, names: Iterable[str], said: object) -> None:
        with self._lock:
            for name in names:
                if name in self._unsaid and self._unsaid[name][1] is said:
                    del self._unsaid[name]

    def _asked(self, what: Callable[[BaseCache], _T]) -> _T | None:
        if self._away:
            self._wait()
            return None
        try:
            with redis_client.within(self.timeout):
                return what(self._cache())
        except Exception as error:  # noqa: BLE001 - each backend has errors of its own
            self._lose(error)
            return None

    def _cache(self) -> BaseCache:
        if self._own is None:
            shared = caches[self._alias]
            if not isinstance(shared, RedisCache):
                return shared  # it is this thread's: not every kind may be shared
            own = redis_client.client_of(self._alias, self.timeout)
            with self._lock:
                self._own = own
        return self._own

    def _lose(self, error: Exception) -> None:
        with self._lock:
            if self._away:
                return
            self._away = True
        _log.warning(
            "kc_exchange.shared_cache_away alias=%s reason=%s Exchanges go on, each "
            "process for itself. Fix: look at this cache; SHARED_CACHE names it.",
            self._alias,
            type(error).__name__,
        )
        self._wait()

    def _wait(self) -> None:
        """Let a thread look for it; where none is to be had, the next one tries."""
        with self._lock:
            if self._is_waited_for or not self._away:
                return
            self._is_waited_for = True
        try:
            threading.Thread(
                target=self._look_for_it, name="kc_exchange-cache", daemon=True
            ).start()
        except RuntimeError:
            self._is_waited_for = False

    def _look_for_it(self) -> None:
        is_back = False
        while not is_back:
            time.sleep(_PAUSE)
            with suppress(Exception):  # still away, as logged
                self._catch_up()
                is_back = True
        _log.warning("kc_exchange.shared_cache_back alias=%s", self._alias)

    def _catch_up(self) -> None:
        """Say what was left unsaid, before anybody reads."""
        with redis_client.within(self.timeout):
            self._cache().set(_PROBE, b"1", 1)
            if self._cache().get(_PROBE) != b"1":
                raise ConnectionError("it keeps nothing")
        while True:
            with self._lock:
                unsaid = dict(self._unsaid)
                if not unsaid:
                    self._away = self._is_waited_for = False
                    return
            for name, (seconds, said) in unsaid.items():
                with redis_client.within(self.timeout):
                    _renew(self._cache(), [name], seconds)
                self._note_said([name], said)


def fresh() -> bytes:
    """Return a value that nothing was stored under before."""
    return os.urandom(12).hex().encode()


def _renew(cache: BaseCache, names: Iterable[str], seconds: int) -> bool:
    """Put a new value under each name; never one again that was there before.

    Raises:
        ConnectionError: some could not be put.
    """
    if cache.set_many({name: fresh() for name in names}, seconds):
        raise ConnectionError("not all could be put")
    return True
