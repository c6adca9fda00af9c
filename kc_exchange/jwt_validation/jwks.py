"""Keep the realms' public keys at hand.

A request never waits for a refresh it does not need: reading takes no lock, a key set
past `FRESH_FOR` is fetched anew in the background, and while Keycloak is away the last
one serves for a day. Only a `kid` that is not in the set makes its own request wait,
and such look-ups are bounded, because anybody can write a `kid`.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kc_exchange import discovery, forks, transport
from kc_exchange.exceptions import (
    ExchangeError,
    ExchangeUnavailable,
    InvalidToken,
)
from kc_exchange.jwt_validation.keys import Key, Keys, read_keys
from kc_exchange.strict_json import loads_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from kc_exchange.conf import Realm

logger = logging.getLogger(__name__)

FRESH_FOR = 300.0
"""Seconds until a key set is fetched anew, in the background."""
GOOD_FOR = 86_400.0
"""Seconds that a key set serves while no other can be fetched."""
COOLDOWN = 10.0
"""Seconds between two look-ups of unknown kids, and after a fetch that failed."""
ABSENT_FOR = 30.0
"""Seconds that a kid which was looked up in vain is not looked up again."""
_OK = 200


@dataclass(frozen=True, slots=True, eq=False)
class _KeySet:
    keys: Keys
    fetched_at: float


@dataclass(frozen=True, slots=True)
class Timing:
    """The durations of a `KeyCache`, in seconds; see the constants of their names."""

    fresh_for: float = FRESH_FOR
    good_for: float = GOOD_FOR
    cooldown: float = COOLDOWN
    absent_for: float = ABSENT_FOR


class KeyCache:
    """The keys of one realm; safe for threads."""

    def __init__(
        self,
        realm: Realm,
        timing: Timing | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._realm = realm
        self._timing = timing or Timing()
        self._clock = clock
        self._known: _KeySet | None = None
        self._fetching = threading.Lock()
        self._looked_at = float("-inf")
        self._absent: dict[str, float] = {}
        self._failure: tuple[float, ExchangeUnavailable] | None = None

    def key(self, kid: str) -> Key:
        """Return the key of that name.

        Raises:
            InvalidToken: the realm has none.
            ExchangeUnavailable: no key set can be fetched, so nobody can tell.
        """
        known = self._current()
        found = known.keys.get(kid)
        return found if found is not None else self._look_up(kid, known)

    def holds(self, key: Key) -> bool:
        """Tell whether the realm still has this very key.

        Raises:
            ExchangeUnavailable: no key set can be fetched, so nobody can tell.
        """
        return self._current().keys.get(key.kid) is key

    def _current(self) -> _KeySet:
        known = self._known
        if known is None:
            return self._fetch(None)
        age = self._clock() - known.fetched_at
        if age < self._timing.fresh_for:
            return known
        if age >= self._timing.good_for:
            return self._fetch(known)
        self._fetch_behind(known)
        return known

    def _look_up(self, kid: str, known: _KeySet) -> Key:
        now = self._clock()
        self._raise_failure(now)
        cooling = now - self._looked_at < self._timing.cooldown
        if cooling or now < self._absent.get(kid, now):
            raise InvalidToken.because("the realm has no key of this kid")
        found = self._fetch(known, looking=True).keys.get(kid)
        if found is not None:
            return found
        self._remember_absent(kid)
        raise InvalidToken.because("the realm has no key of this kid, asked anew")

    def _remember_absent(self, kid: str) -> None:
        now = self._clock()
        kept = {k: until for k, until in list(self._absent.items()) if until > now}
        self._absent = {**kept, kid: now + self._timing.absent_for}

    def _raise_failure(self, now: float) -> None:
        """Spare a Keycloak that just failed, and those who would wait for it."""
        failure = self._failure
        if failure is not None and now - failure[0] < self._timing.cooldown:
            raise failure[1].fresh()

    def _fetch(self, seen: _KeySet | None, *, looking: bool = False) -> _KeySet:
        """Return another key set than `seen`, fetched by one thread for all."""
        deadline = transport.Deadline(self._realm.deadline)
        if not self._fetching.acquire(timeout=self._realm.deadline):
            raise ExchangeUnavailable(realm=self._realm.alias)
        try:
            if self._known is not None and self._known is not seen:
                return self._known
            self._raise_failure(self._clock())
            if looking:
                self._looked_at = self._clock()
            return self._fetched(deadline)
        finally:
            self._fetching.release()

    def _fetch_behind(self, seen: _KeySet) -> None:
        failure = self._failure
        if failure and self._clock() - failure[0] < self._timing.cooldown:
            return
        if self._fetching.acquire(blocking=False):
            thread = threading.Thread(
                target=self._refresh, args=(seen,), name="kc_exchange-keys", daemon=True
            )
            try:
                thread.start()
            except RuntimeError:  # no thread is to be had: another request will try
                self._fetching.release()

    def _refresh(self, seen: _KeySet) -> None:
        try:
            if self._known is seen:
                self._fetched(transport.Deadline(self._realm.deadline))
        except ExchangeUnavailable as error:
            logger.warning(
                "kc_exchange.keys_stale realm=%s cause=%s",
                self._realm.alias,
                error.cause,
            )
        finally:
            self._fetching.release()

    def _fetched(self, deadline: transport.Deadline) -> _KeySet:
        try:
            former = self._known.keys if self._known else None
            known = _KeySet(_ask(self._realm, deadline, former), self._clock())
        except ExchangeError as error:
            failure = ExchangeUnavailable(error.cause, error.fix, realm=error.realm)
            self._failure = (self._clock(), failure)
            raise failure.fresh() from error
        self._failure = None
        self._known = known
        return known


def _ask(realm: Realm, deadline: transport.Deadline, former: Keys | None) -> Keys:
    url = discovery.endpoints(realm, deadline).jwks
    reply = transport.request(realm, url, deadline)
    try:
        if reply.status != _OK:
            raise ValueError(f"HTTP {reply.status}")
        return read_keys(loads_object(reply.body), former)
    except ValueError as error:
        raise ExchangeUnavailable(
            f"What {url} answers is no key set: {error}.", realm=realm.alias
        ) from error


_caches: dict[tuple[str, ...], KeyCache] = {}


def keys_of(realm: Realm) -> KeyCache:
    """Return the keys of a realm, shared by all who reach it the same way."""
    reached = (
        realm.issuer, realm.discovery_url, realm.client_auth, realm.ca_bundle,
        realm.certificate, realm.certificate_key,
    )  # fmt: skip
    found = _caches.get(reached)
    return found or _caches.setdefault(reached, KeyCache(realm))


def forget() -> None:
    """Fetch all keys anew when they are next needed."""
    _caches.clear()


forks.in_child(forget)
