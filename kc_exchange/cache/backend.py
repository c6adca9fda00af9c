"""Reach the cache that processes share: in bounded time, and never by pickle.

What goes wrong is an answer, too: None stands for a cache that is away. After one
failure nobody asks it, until a thread of its own has found it well again.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache

from kc_exchange import forks
from kc_exchange.cache import redis_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

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
        self._alias = alias
        self._timeout = timeout
        self._reset()
        forks.in_child(self._reset)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._own: BaseCache | None = None
        self._away = False
        self._unsaid: dict[str, tuple[bytes, int]] = {}

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

    def say(self, values: Mapping[str, bytes], seconds: int) -> None:
        """Keep values by all means: if the cache is away, once it is back.

        They wait in this process, and are lost with it.
        """
        while not self._asked(lambda cache: not cache.set_many(dict(values), seconds)):
            with self._lock:
                self._unsaid |= {name: (said, seconds) for name, said in values.items()}
                while len(self._unsaid) > _MOST_UNSAID:
                    del self._unsaid[next(iter(self._unsaid))]
                if self._away:  # who waits for it will say it
                    return

    def _asked(self, what: Callable[[BaseCache], _T]) -> _T | None:
        if self._away:
            return None
        try:
            with redis_client.within(self._timeout):
                return what(self._cache())
        except Exception as error:  # noqa: BLE001 - each backend has errors of its own
            self._lose(error)
            return None

    def _set(self, name: str, value: bytes, seconds: int) -> None:
        with redis_client.within(self._timeout):
            self._cache().set(name, value, seconds)

    def _cache(self) -> BaseCache:
        if self._own is None:
            shared = caches[self._alias]
            if not isinstance(shared, RedisCache):
                return shared  # it is this thread's: not every kind may be shared
            own = redis_client.client_of(self._alias, self._timeout)
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
        try:
            threading.Thread(
                target=self._wait_for_it, name="kc_exchange-cache", daemon=True
            ).start()
        except RuntimeError:  # no thread is to be had, as when the process ends
            self._away = False

    def _wait_for_it(self) -> None:
        while self._away:
            time.sleep(_PAUSE)
            try:
                self._catch_up()
            except Exception:  # noqa: BLE001, S112 - still away, as logged
                continue

    def _catch_up(self) -> None:
        """Say what was left unsaid, before anybody reads."""
        self._set(_PROBE, b"1", 1)
        while True:
            with self._lock:
                unsaid = dict(self._unsaid)
                if not unsaid:
                    self._away = False
                    break
            for name, (value, seconds) in unsaid.items():
                self._set(name, value, seconds)
            with self._lock:
                for name, said in unsaid.items():
                    if self._unsaid.get(name) == said:
                        del self._unsaid[name]
        _log.warning("kc_exchange.shared_cache_back alias=%s", self._alias)
