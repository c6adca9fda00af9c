"""The tokens of this process: bounded, renewed before they end, on monotonic time."""

from __future__ import annotations

import random
import time
from collections import OrderedDict
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING

from kc_exchange import conf, forks
from kc_exchange.cache.flight import Flights
from kc_exchange.cache.marks import has_mark
from kc_exchange.exceptions import ExchangeDenied, SubjectTokenRejected

if TYPE_CHECKING:
    from collections.abc import Callable

    from kc_exchange.tokens import AccessToken

_SKEW = 30.0
_RENEW_AT = 0.8
_JITTER = 0.1
_RENEWAL_PAUSE = 5.0
"""Seconds before a failed renewal is tried again, while the old token serves."""


class _Entry:
    __slots__ = ("renew_at", "token", "valid_until")

    def __init__(self, token: AccessToken, lifetime: float) -> None:
        now = time.monotonic()
        self.token = token
        self.valid_until = now + lifetime - min(_SKEW, lifetime / 2)
        share = _RENEW_AT + random.uniform(-_JITTER, _JITTER)  # noqa: S311
        self.renew_at = now + (self.valid_until - now) * share


class TokenCache:
    """Tokens by key. `load(cache)` is what obtains one: "miss" or "renewal"."""

    def __init__(self) -> None:
        self.flights = Flights()
        self._reset()
        forks.in_child(self._reset)

    def _reset(self) -> None:
        self._lock = Lock()
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._generation = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: bytes) -> AccessToken | None:
        """Return the token if it needs no renewal yet. The hot path: no lock."""
        entry = self._entries.get(key)
        if entry is None or time.monotonic() >= entry.renew_at:
            return None
        return entry.token

    def obtain(
        self, key: bytes, load: Callable[[str], AccessToken], deadline: float
    ) -> AccessToken:
        """Return the token for `key`, from here or from one call of `load`.

        A token near its end is still served, while one renewal runs in the
        background; it goes only if Keycloak says that the user may not have it.
        `deadline`: the seconds that `load` may take.

        Raises:
            ExchangeError: what `load` raised, here or for whoever called it.
        """
        token = self._good(key, load)
        if token is None:
            token = self.flights.run(key, self._loader(key, load), deadline)
        return token

    async def aobtain(
        self, key: bytes, load: Callable[[str], AccessToken], deadline: float
    ) -> AccessToken:
        """Do as `obtain` does, for an event loop: `load` runs in a thread."""
        token = self._good(key, load)
        if token is None:
            token = await self.flights.arun(key, self._loader(key, load), deadline)
        return token

    def discard(self, key: bytes, token: AccessToken) -> None:
        """Drop `token`, unless a newer one has taken its place (compare and delete)."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and entry.token.value == token.value:
                del self._entries[key]

    def drop(self, *keys: bytes) -> None:
        """Drop whatever these keys have; what is under way is not kept."""
        with self._lock:
            for key in keys:
                self._entries.pop(key, None)
            self._generation += 1

    def drop_marked(self, mark: bytes) -> None:
        """Drop what has the mark of an issuer; what is under way is not kept."""
        with self._lock:
            for key in [key for key in self._entries if has_mark(key, mark)]:
                del self._entries[key]
            self._generation += 1

    def clear(self) -> None:
        """Drop everything; what is under way is handed out but not kept."""
        with self._lock:
            self._entries.clear()
            self._generation += 1

    def _good(
        self, key: bytes, load: Callable[[str], AccessToken]
    ) -> AccessToken | None:
        entry = self._entries.get(key)
        now = time.monotonic()
        if entry is None or now >= entry.valid_until:
            return None
        if now >= entry.renew_at:
            entry.renew_at = min(now + _RENEWAL_PAUSE, entry.valid_until)
            with suppress(RuntimeError):  # no thread is to be had: another will try
                self.flights.start(key, self._loader(key, load, renewed=entry))
        return entry.token

    def _loader(
        self,
        key: bytes,
        load: Callable[[str], AccessToken],
        renewed: _Entry | None = None,
    ) -> Callable[[], AccessToken]:
        def run() -> AccessToken:
            entry = self._entries.get(key)
            fresh = entry is not None and time.monotonic() < entry.valid_until
            if entry is not None and fresh and entry is not renewed:
                return entry.token
            generation = self._generation
            try:
                token = load("miss" if renewed is None else "renewal")
            except (SubjectTokenRejected, ExchangeDenied):
                if renewed is not None:
                    self.discard(key, renewed.token)
                raise
            self._keep(key, token, generation)
            return token

        return run

    def _keep(self, key: bytes, token: AccessToken, generation: int) -> None:
        lifetime = token.expires_at - time.time()
        if lifetime <= 0:
            return
        entry = _Entry(token, lifetime)
        with self._lock:
            if generation != self._generation:
                return
            self._entries[key] = entry
            self._entries.move_to_end(key)
            if len(self._entries) > conf.current().cache_size:
                self._make_room()

    def _make_room(self) -> None:
        """Drop what has expired; if nothing has, what was stored longest ago."""
        now = time.monotonic()
        over = [k for k, entry in self._entries.items() if now >= entry.valid_until]
        for key in over:
            del self._entries[key]
        if not over:
            self._entries.popitem(last=False)
