"""The time for all of an examination, and what is said when it is over."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kc_exchange.doctor.chart import Chart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.doctor.findings import Finding

_TIME = "time"
_CUT = "deadline_passed"
_MORE = "Give it more time, or examine one downstream alone."


class TimeGiven:
    """Seconds that begin when this is made."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def is_over(self) -> bool:
        """Whether nothing more is asked."""
        return time.monotonic() >= self._until

    def used(self, about: str, found: Iterator[Finding]) -> Iterator[Finding]:
        """Yield what is found while there is time; then say that the rest is not.

        A question that ran out of this time tells nothing of Keycloak.
        """
        while not self.is_over():
            finding = next(found, None)
            if finding is None:
                return
            if self.is_over() and finding.code == _CUT:
                break
            yield finding
        yield Chart(about).skipped(_TIME, "the time for all of it is over", _MORE)
