"""Read `Retry-After` (RFC 9110 section 10.2.3)."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kc_exchange.transport import Reply

MOST = 60.0
"""Seconds that are believed: a proxy that says an hour does not shut a site."""
_DIGITS = 6
"""Digits that are read: more of them are more than `MOST`."""


def retry_after(reply: Reply) -> float | None:
    """Return the seconds to wait, at most `MOST`; None where the reply says none.

    A date that is past is 0 seconds; what is neither a date nor a number is nothing.
    """
    value = reply.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(MOST, float(value[:_DIGITS]))
    try:
        seconds = parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None
    return min(MOST, max(0.0, seconds))
