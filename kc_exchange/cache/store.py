"""The tokens of this process: bounded, renewed before they end, on monotonic time."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from contextlib import suppress
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from kc_exchange import conf, forks
from kc_exchange.cache import floors, shared
from kc_exchange.cache.drops import Drops
from kc_exchange.cache.entry import Entry
from kc_exchange.cache.flight import Flights
from kc_exchange.cache.second import longest_wait
from kc_exchange.cache.stored import is_before, unverified
from kc_exchange.exceptions import ExchangeDenied, SubjectTokenRejected

if TYPE_CHECKING:
    from collections.abc import Callable

    from kc_exchange.cache.keys import Key
    from kc_exchange.cache.stored import Stored
    from kc_exchange.tokens import AccessToken

    Load = Callable[[str], AccessToken]

_RENEWAL_PAUSE = 5.0
"""Seconds before a failed renewal is tried again, while the old token serves."""
_LOOK_AGAIN = 1.0
"""Seconds until the shared cache is asked again that was away."""
_LOOK = 60.0
"""Seconds between two looks for what is over."""


class TokenCache:
    """Tokens by key. `load(cache)` is what obtains one: "miss" or "renewal".

    Where there is a shared cache, an entry serves for `LOCAL_SECONDS` of it after its
    owners were last known to be there, and for 60 s while that cache is away.
    """

    def __init__(self) -> None:
        self.flights = Flights()
        self._reset()
        forks.in_child(self._reset)

    def _reset(self) -> None:
        self._lock = Lock()
        self._entries: OrderedDict[bytes, Entry] = OrderedDict()
        self._drops = Drops()
        self._looked_at = time.monotonic()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key) -> AccessToken | None:
        """Return the token if it needs no renewal yet. The hot path: no lock."""
        entry = self._entries.get(key.digest)
        if entry is None:
            return None
        now = time.monotonic()
        return entry.token if now < entry.renew_at and now < entry.fresh_until else None

    def obtain(self, key: Key, load: Load, deadline: float) -> AccessToken:
        """Return the token for `key`, from here or from one call of `load`.

        A token near its end is still served, while one renewal runs in the
        background; it goes only if Keycloak says that the user may not have it.
        `deadline`: the seconds that `load` may take.

        Raises:
            ExchangeError: what `load` raised, here or for whoever called it.
        """
        token = self._good(key, load, deadline)
        if token is None:
            call = self._call(key, load, deadline)
            marks = b"".join(key.marks)
            token = self.flights.run(key.digest, call, _patience(deadline), marks)
        return token

    async def aobtain(self, key: Key, load: Load, deadline: float) -> AccessToken:
        """Do as `obtain` does, for an event loop: `load` runs in a thread."""
        token = self._good(key, load, deadline)
        if token is None:
            call = self._call(key, load, deadline)
            marks = b"".join(key.marks)
            token = await self.flights.arun(
                key.digest, call, _patience(deadline), marks
            )
        return token

    def discard(self, key: Key, token: AccessToken) -> None:
        """Drop `token`, unless a newer one has taken its place (compare and delete)."""
        with self._lock:
            entry = self._entries.get(key.digest)
            if entry is not None and entry.token.value == token.value:
                del self._entries[key.digest]
        second = shared.current()
        if second is not None:
            second.discard(key, token)

    def drop_marked(self, *marks: bytes) -> None:
        """Drop what has one of these marks; what is under way is nobody's later."""

        def ended(known: bytes) -> bool:
            return any(mark in known for mark in marks)

        with self._lock:
            self._drops.note(marks)
            for digest, entry in list(self._entries.items()):
                if ended(entry.marks):
                    del self._entries[digest]
        self.flights.part(ended)

    def drop_before(self, policy: int, mark: bytes) -> None:
        """Drop what has this mark and was obtained before a not-before policy."""
        with self._lock:
            for digest, entry in list(self._entries.items()):
                if mark in entry.marks and is_before(entry, policy):
                    del self._entries[digest]

    def clear(self) -> None:
        """Drop everything; what is under way is handed out but not kept."""
        with self._lock:
            self._entries.clear()
            self._drops.note_all()
        self.flights.part(lambda _: True)

    def _good(self, key: Key, load: Load, deadline: float) -> AccessToken | None:
        entry = self._entries.get(key.digest)
        now = time.monotonic()
        if entry is None or now >= entry.serves_until:
            return None
        if now >= entry.renew_at:
            entry.renew_at = min(now + _RENEWAL_PAUSE, entry.valid_until)
            call = self._call(key, load, deadline, renewed=entry)
            with suppress(RuntimeError):  # no thread is to be had: another will try
                self.flights.start(key.digest, call, entry.marks)
        return entry.token

    def _call(
        self, key: Key, load: Load, deadline: float, renewed: Entry | None = None
    ) -> Callable[[], AccessToken]:
        return partial(self._run, key, load, deadline, renewed)

    def _run(
        self, key: Key, load: Load, deadline: float, renewed: Entry | None
    ) -> AccessToken:
        """Obtain a token, or renew an entry, unless that was dropped meanwhile."""
        begun = self._drops.count  # what is dropped from here on is not kept
        entry, now = self._entries.get(key.digest), time.monotonic()
        if entry is not renewed:
            if entry and now < entry.serves_until:
                return entry.token
            renewed = None
        try:
            stored = self._obtained(key, load, deadline, entry, renewed)
        except (SubjectTokenRejected, ExchangeDenied):
            if renewed is not None:
                self.discard(key, renewed.token)
            raise
        if entry is None or stored.token is not entry.token:
            self._keep(key, stored, begun)
        elif renewed is None:
            entry.fresh_until = now + _LOOK_AGAIN
        elif self._entries.get(key.digest) is not renewed:
            # Another process renews what somebody may wait for who was refused it.
            return self._run(key, load, deadline, None)
        return stored.token

    def _obtained(
        self,
        key: Key,
        load: Load,
        deadline: float,
        entry: Entry | None,
        renewed: Entry | None,
    ) -> Stored:
        ask = partial(load, "miss" if renewed is None else "renewal")
        second = shared.current()
        if second is None:
            return unverified(ask())
        now = time.monotonic()
        serves = entry and now < min(entry.valid_until, entry.alone_until - _LOOK_AGAIN)
        return second.obtain(
            key,
            ask,
            deadline,
            local=entry.token if entry and serves and not renewed else None,
            than=renewed.token if renewed else None,
        )

    def _keep(self, key: Key, stored: Stored, begun: int) -> None:
        if stored.usable_until <= time.time():
            return
        second = shared.current()
        marks = key.marks
        entry = Entry(
            stored, b"".join(marks), second.local_seconds if second else math.inf
        )
        with self._lock:
            ended = self._drops.since(begun, marks)
            if ended or is_before(stored, floors.latest(marks)):
                return
            entry.end_by(self._drops.doubtful_until(key.owners))
            self._entries[key.digest] = entry
            self._entries.move_to_end(key.digest)
            self._drop_what_is_over()
            if len(self._entries) > conf.current().cache_size:
                self._entries.popitem(last=False)

    def _drop_what_is_over(self) -> None:
        """Look for it once a minute, and whenever there is no room left."""
        now = time.monotonic()
        if now < self._looked_at + _LOOK and len(self) <= conf.current().cache_size:
            return
        self._looked_at = now
        over = [k for k, entry in self._entries.items() if now >= entry.valid_until]
        for digest in over:
            del self._entries[digest]


def _patience(deadline: float) -> float:
    """Return how long a flight may take: another process may be waited for first."""
    return deadline if shared.current() is None else deadline + longest_wait(deadline)
