"""Say loudly, and once in a while, that something is set up wrongly for everybody."""

from __future__ import annotations

import logging
import time
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kc_exchange.exceptions import ExchangeError

_log = logging.getLogger("kc_exchange")


class Alarms:
    """What was said a moment ago, by place and diagnosis; settings bound both."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._said: dict[tuple[bytes, str], float] = {}

    def raise_once(self, place: bytes, error: ExchangeError, seconds: float) -> None:
        """Log the error with its cause and fix, unless it was within `seconds`."""
        now, what = time.monotonic(), (place, error.diagnosis)
        with self._lock:
            if now < self._said.get(what, now):
                return
            self._said[what] = now + seconds
        _log.error(
            "kc_exchange.misconfigured audience=%s realm=%s diagnosis=%s %s",
            error.audience or "-",
            error.realm,
            error.diagnosis or error.code,
            error,
        )

    def clear(self) -> None:
        """Say everything again."""
        with self._lock:
            self._said.clear()
