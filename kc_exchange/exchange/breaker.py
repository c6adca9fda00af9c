"""Stop asking a token endpoint that does not answer (a circuit breaker).

Closed, everybody may ask. After a few failures in a row it opens: nobody may, for a
second. Then exactly one may, the probe; its success closes it, its failure opens it for
another second. A `Retry-After` opens it, too, for as long as Keycloak says.
"""

from __future__ import annotations

import logging
import math
import time
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from kc_exchange.exceptions import ExchangeUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_log = logging.getLogger("kc_exchange")
_FAILURES = 5
"""Failures in a row that open it."""
_OPEN_FOR = 1.0
"""Seconds that it stays open after a failure."""


class Attempt:
    """One request that the breaker let through; tell it what came of it."""

    def __init__(self) -> None:
        self.answered: bool | None = None
        """None: nothing was learned, as of a mistake in the settings."""
        self.question = 0
        """A hash of what Keycloak may have failed on; 0: on nothing of that kind."""
        self.why = ""
        """What went wrong, for a person."""
        self.pause = 0.0
        """Seconds that Keycloak asks to be left alone for."""


class Breaker:
    """One for each token endpoint. Its lock is never held during a request."""

    def __init__(
        self, realm: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._realm = realm
        self._clock = clock
        self._lock = Lock()
        self._failures = 0
        self._open_until: float | None = None
        self._probe: Attempt | None = None
        self._question = 0
        self._why = ""

    def check(self) -> None:
        """Raise what `attempt` would raise now, and take no probe.

        Raises:
            ExchangeUnavailable: nobody is let through.
        """
        with self._lock:
            if not self._lets_through():
                raise self._refusal()

    def lets_through(self, ahead: float = 0.0) -> bool:
        """Return whether somebody will be let through so many seconds from now."""
        with self._lock:
            return self._lets_through(ahead)

    @contextmanager
    def attempt(self) -> Iterator[Attempt]:
        """Let one request through.

        Raises:
            ExchangeUnavailable: the breaker is open; `retry_after` has the seconds
                until the next probe.
        """
        made = Attempt()
        with self._lock:
            if not self._lets_through():
                raise self._refusal()
            if self._open_until is not None:
                self._probe = made
        try:
            yield made
        finally:
            self._learn(made)

    def _lets_through(self, ahead: float = 0.0) -> bool:
        if self._open_until is None:
            return True
        return self._probe is None and self._clock() + ahead >= self._open_until

    def _refusal(self) -> ExchangeUnavailable:
        left = (self._open_until or 0.0) - self._clock()
        error = ExchangeUnavailable(
            f"Keycloak is not asked at the moment: {self._why}",
            "Look at Keycloak, and at what is in front of it. Whether it answers again "
            "is tried by itself.",
            realm=self._realm,
            diagnosis="breaker_open",
        )
        error.retry_after = left if left > 0 else _OPEN_FOR
        return error

    def _learn(self, made: Attempt) -> None:
        with self._lock:
            probed = made is self._probe
            if probed:
                self._probe = None
            before = self._open_until
            if made.answered is False and not self._is_repeated(made):
                self._fail(made, probed=probed)
            elif made.answered and (probed or before is None):
                self._failures = 0
                if before is None or before <= self._clock():
                    self._open_until = None  # else a pause was asked for meanwhile
            if made.pause > 0:
                self._open(made, made.pause)
            after = self._open_until
        if before is None and after is not None:
            _log.error(
                "kc_exchange.breaker_open realm=%s Keycloak is not asked for %.0f s, "
                "and then by one request: %s Tokens that are still good serve on. "
                "Fix: look at Keycloak, and at what is in front of it.",
                self._realm,
                math.ceil(after - self._clock()),
                made.why,
            )
        elif before is not None and after is None:
            _log.warning("kc_exchange.breaker_closed realm=%s", self._realm)

    def _is_repeated(self, made: Attempt) -> bool:
        """One token that Keycloak fails on, sent again and again, is one failure."""
        before, self._question = self._question, made.question
        return made.question != 0 and made.question == before

    def _fail(self, made: Attempt, *, probed: bool) -> None:
        self._failures += 1
        if probed or (self._open_until is None and self._failures >= _FAILURES):
            self._open(made, _OPEN_FOR)

    def _open(self, made: Attempt, seconds: float) -> None:
        self._why = made.why
        self._open_until = max(self._open_until or 0.0, self._clock() + seconds)
