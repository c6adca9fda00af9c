"""Notice that Keycloak's clock and this machine's differ."""

from __future__ import annotations

import logging
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from kc_exchange import forks

if TYPE_CHECKING:
    from kc_exchange.conf import Realm
    from kc_exchange.transport import Reply

_log = logging.getLogger("kc_exchange")
_MOST = 30.0
"""Seconds that they may differ before it is said."""
_AGAIN = 3600.0
"""Seconds until it is said again of the same realm."""

_said: dict[str, float] = {}
forks.in_child(_said.clear)


def compare_clocks(reply: Reply, realm: Realm) -> None:
    """Log an error, once an hour, if the header `Date` is far from this clock.

    Keycloak itself sends none; proxies in front of it do.
    """
    try:
        shown = parsedate_to_datetime(reply.headers.get("date", "")).timestamp()
    except (ValueError, OverflowError):
        return
    seconds = shown - time.time()
    now = time.monotonic()
    if abs(seconds) <= _MOST or now < _said.get(realm.issuer, now):
        return
    _said[realm.issuer] = now + _AGAIN
    _log.error(
        "kc_exchange.clock_differs realm=%s seconds=%.0f Keycloak's clock and this "
        "one differ: tokens end early, or are refused. Fix: set both by a time server.",
        realm.alias,
        seconds,
    )


def forget() -> None:
    """Say it again at the next reply."""
    _said.clear()
