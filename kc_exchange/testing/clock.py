"""Tell the server's time, which tests may move."""

from __future__ import annotations

import time


class Clock:
    """Tell the server's time, which tests may move.

    Every lifetime the server checks or writes is measured on this clock, so a test
    lets an hour pass without waiting for it. The clock of the process stays as it is.
    """

    def __init__(self) -> None:
        self._offset = 0.0

    def now(self) -> float:
        """Return the server's time in seconds since 1970."""
        return time.time() + self._offset

    def seconds(self) -> int:
        """Return the server's time in whole seconds, as tokens carry it."""
        return int(self.now())

    def advance(self, seconds: float) -> None:
        """Move the clock by that many seconds (negative: back)."""
        self._offset += seconds

    def reset(self) -> None:
        """Return to the time of the machine."""
        self._offset = 0.0
