"""Loaders that count, and time that passes for the cache alone."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from kc_exchange.tokens import AccessToken

if TYPE_CHECKING:
    from kc_exchange.cache import TokenCache


class Loader:
    """Obtain a new token at each call, slowly, or raise `error`."""

    def __init__(self, lifetime: float = 300.0, delay: float = 0.0) -> None:
        self.lifetime = lifetime
        self.delay = delay
        self.error: BaseException | None = None
        self.calls: list[str] = []
        self.running = 0
        self.most = 0
        self.go = threading.Event()
        self.go.set()
        self._lock = threading.Lock()

    def __call__(self, cached: str = "miss") -> AccessToken:
        """Obtain one."""
        with self._lock:
            self.calls.append(cached)
            number = len(self.calls)
            self.running += 1
            self.most = max(self.most, self.running)
        try:
            time.sleep(self.delay)
            self.go.wait(5)
            if self.error is not None:
                raise self.error
            expires_at = time.time() + self.lifetime
            return AccessToken(value=f"token-{number}", expires_at=expires_at)
        finally:
            with self._lock:
                self.running -= 1


def age(cache: TokenCache, seconds: float) -> None:
    """Let time pass for everything in `cache`."""
    for entry in cache._entries.values():
        entry.valid_until -= seconds
        entry.renew_at -= seconds
        entry.fresh_until -= seconds
        entry.alone_until -= seconds


def until(condition: object, seconds: float = 2.0) -> None:
    """Wait until `condition()` holds."""
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)
