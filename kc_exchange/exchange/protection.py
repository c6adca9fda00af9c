"""What stands between this process and a token endpoint on a bad day."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from kc_exchange import forks
from kc_exchange.exceptions import ExchangeUnavailable
from kc_exchange.exchange import clocks
from kc_exchange.exchange.breaker import Breaker
from kc_exchange.exchange.bulkhead import Bulkhead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.conf import Realm
    from kc_exchange.exchange.breaker import Attempt

_SHARE = 0.1
"""Second attempts for each first one, so that an outage is not doubled."""
_RESERVE = 10.0
"""Second attempts that may be made before there were so many first ones."""
_PATIENCE = 1 / 3
"""Share of the deadline that may be spent on waiting for a place."""


class RetryBudget:
    """Second attempts that may still be made; each first one adds a tenth."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._left = _RESERVE

    def earn(self) -> None:
        """Note a first attempt."""
        with self._lock:
            self._left = min(_RESERVE, self._left + _SHARE)

    def spend(self) -> bool:
        """Return whether a second attempt may be made, which is then counted."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True


class Protection:
    """The breaker, the bulkhead and the retry budget of one token endpoint.

    Several clients of a realm share them; only their MAX_IN_FLIGHT may differ.
    """

    def __init__(self, realm: Realm) -> None:
        self.breaker = Breaker(realm.alias)
        self.budget = RetryBudget()
        self._bulkheads: dict[int, Bulkhead] = {}

    @contextmanager
    def attempt(self, realm: Realm, left: float) -> Iterator[Attempt]:
        """Let one request through at its turn.

        Of its deadline so many seconds are `left`: a second attempt has fewer.

        Raises:
            ExchangeUnavailable: Keycloak is not asked at the moment.
        """
        patience = min(realm.deadline * _PATIENCE, left)
        try:
            self.breaker.check()  # before anybody waits
            place = self._bulkhead(realm).place(patience)
            with place, self.breaker.attempt() as made:
                yield made
        except ExchangeUnavailable as error:
            error.realm = realm.alias
            raise

    def _bulkhead(self, realm: Realm) -> Bulkhead:
        places = realm.max_in_flight
        known = self._bulkheads.get(places)
        return known or self._bulkheads.setdefault(
            places, Bulkhead(realm.alias, places)
        )

    def may_repeat(self, pause: float) -> bool:
        """Return whether a second attempt may follow in `pause` seconds; count it."""
        return self.breaker.lets_through(pause) and self.budget.spend()


_Place = tuple[str, str, str]
_made: dict[_Place, Protection] = {}
forks.in_child(_made.clear)


def protection_of(realm: Realm) -> Protection:
    """Return the one protection of a realm's token endpoint in this process."""
    place = (realm.issuer, realm.discovery_url, realm.client_auth)
    return _made.get(place) or _made.setdefault(place, Protection(realm))


def forget() -> None:
    """Take every endpoint, and every clock, for right again."""
    _made.clear()
    clocks.forget()
