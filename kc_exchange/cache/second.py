"""The second level: tokens that processes share, each exchanged by one of them.

An entry holds its token sealed, and the generations of its owners as they were before
the exchange began. An end of a session or of a person's rights puts a new generation
in place, so that whatever was obtained before is found by nobody, also if it is stored
later. A generation is a random number and not a count: one that got lost matches none.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.views.decorators.debug import sensitive_variables

from kc_exchange.cache import floors
from kc_exchange.cache.backend import Backend, fresh
from kc_exchange.cache.drops import AGAIN
from kc_exchange.cache.lease import GIVEN_UP, Lease, lasting
from kc_exchange.cache.sealing import Sealer
from kc_exchange.cache.stored import Stored, is_before, read, unverified, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kc_exchange.cache.keys import Key
    from kc_exchange.conf import SharedCache
    from kc_exchange.tokens import AccessToken

    Ask = Callable[[], AccessToken]

_log = logging.getLogger("kc_exchange")
_DAY = 86_400
"""Seconds that a generation is kept; where none is left, nothing older is found."""
_SHORTEST_WAIT = 0.01
_LONGEST_WAIT = 0.1


@dataclass(frozen=True, slots=True)
class _Look:
    """What was there at one moment."""

    generations: dict[str, str]
    missing: tuple[str, ...]
    at: float
    """By the monotonic clock, before anything was read."""
    stored: Stored | None = None
    lease: object = None
    """What is under the lease's name, if that was asked for; None: nobody holds it."""


class SecondLevel:
    """One shared cache. Nothing here raises but what `ask` raises."""

    def __init__(self, settings: SharedCache) -> None:
        self.local_seconds = settings.local_seconds
        self._backend = Backend(settings.alias, settings.timeout)
        self._sealer = Sealer(settings.keys)

    def obtain(
        self,
        key: Key,
        ask: Ask,
        seconds: float,
        *,
        local: AccessToken | None = None,
        than: AccessToken | None = None,
    ) -> Stored:
        """Return the token for `key`, from the cache or from one call of `ask`.

        Args:
            key: whose token.
            ask: what obtains it.
            seconds: how long `ask` may take; another process that asks is waited for
                as long as its lease lasts.
            local: what this process may use while the cache is away.
            than: the token to renew; it comes back if another process renews it.
        """
        look = self._look(key)
        if look is None:
            return unverified(local) if local else _obtained(ask)
        if look.stored is not None and look.stored.is_newer(than):
            return look.stored
        for name in look.missing:
            self._backend.add(name, fresh(), _DAY)
        lease = Lease(self._backend, self._sealer.names("lease", key.message)[0])
        taken = lease.take(seconds)
        if taken:
            return self._with_lease(lease, key, ask, than)
        if taken is None or than is not None:
            return unverified(than) if than else _obtained(ask)
        return self._after_another(lease, key, ask, seconds)

    def discard(self, key: Key, token: AccessToken) -> None:
        """Drop the entry, if it has this very token."""
        look = self._look(key)
        if look and look.stored and look.stored.token.value == token.value:
            self._backend.delete(self._sealer.names("token", key.message))

    def forget(self, marks: Iterable[bytes]) -> None:
        """Let nobody find what was obtained for these owners before.

        Nor, in a while, what is obtained now: see `AGAIN`.
        """
        names = [name for mark in marks for name in self._generations_of(mark)]
        self._backend.say(names, AGAIN)

    def _after_another(
        self, lease: Lease, key: Key, ask: Ask, seconds: float
    ) -> Stored:
        """Find what the holder of the lease stores, or take the lease after it.

        Of a holder that died one takes it, and the others wait for that one. One that
        failed has used up their time: each of them asks at once.
        """
        until, pause = time.monotonic() + longest_wait(seconds), _SHORTEST_WAIT
        look: _Look | None = None
        while time.monotonic() < until:
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_WAIT)
            look = self._look(key, lease.name)
            if look is None:
                break
            if look.stored is not None:
                return look.stored
            if look.lease == GIVEN_UP:
                break
            if look.lease is None and lease.take(seconds):
                return self._with_lease(lease, key, ask, None)
        return self._saved(key, ask, look)

    def _with_lease(
        self, lease: Lease, key: Key, ask: Ask, than: AccessToken | None
    ) -> Stored:
        try:
            look = self._look(key)  # whoever had it before may have stored the token
            stored = look.stored if look else None
            if stored is None or not stored.is_newer(than):
                stored = self._saved(key, ask, look)
        except BaseException:
            lease.give_up()
            raise
        lease.release()
        return stored

    @sensitive_variables()
    def _saved(self, key: Key, ask: Ask, look: _Look | None) -> Stored:
        """Obtain a token, and store it as of the look that was taken before."""
        obtained = _obtained(ask)
        if look is None or look.missing:
            return obtained
        seconds = int(obtained.usable_for)
        if seconds > 0 and not is_before(obtained, floors.latest(key.marks)):
            name = self._sealer.names("token", key.message)[0]
            plain = written(obtained, look.generations)
            self._backend.put(name, self._sealer.seal(name, plain), seconds)
        return replace(obtained, verified_at=look.at)

    @sensitive_variables()
    def _look(self, key: Key, *more: str) -> _Look | None:
        """Read entry and generations at once; None if the cache is away.

        And the lease, if `more` names it: a crowd that waits asks once for all.
        """
        at = time.monotonic()
        places = self._sealer.names("token", key.message)
        owners = [self._generations_of(mark) for mark in key.owners]
        names = [name for own in owners for name in own]
        found = self._backend.get_many([*places, *names, *more])
        if found is None:
            return None
        generations = {
            name: found[name].decode("ascii", "replace")
            for name in names
            if isinstance(found.get(name), bytes)
        }
        missing = tuple(name for name in names if name not in generations)
        lease = next((found.get(name) for name in more), None)
        look = _Look(generations, missing, at, lease=lease)
        for place in places:
            plain = self._unsealed(place, found[place]) if place in found else None
            stored = read(plain, key, owners, generations) if plain else None
            if stored is not None:
                return replace(look, stored=replace(stored, verified_at=at))
        return look

    def _unsealed(self, place: str, box: object) -> bytes | None:
        plain = self._sealer.open(place, box)
        if plain is None:
            _log.error(
                "kc_exchange.shared_cache_forged An entry of the shared cache does not "
                "open: somebody changed it, put it in another's place, or sealed it "
                "under another key. It is dropped. Fix: who writes to this cache? "
                "After a change of keys, name the former ones behind the new in KEYS."
            )
            self._backend.delete([place])
        return plain

    def _generations_of(self, mark: bytes) -> list[str]:
        return self._sealer.names("generation", mark)


def longest_wait(seconds: float) -> float:
    """Return how long others are waited for: a holder who died, and who follows it."""
    return lasting(seconds) + seconds


def _obtained(ask: Ask) -> Stored:
    """Ask; that nobody has ended it is known of the time before alone."""
    at = time.monotonic()
    return replace(unverified(ask()), verified_at=at)
