"""Keep the faults that tests have ordered."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from kc_exchange.testing.messages import Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Describe how one coming request is treated badly.

    `endpoint` None means any. `answer` replaces the endpoint's own answer, `delay`
    (seconds) comes before it, `drip` is the pause in seconds between single bytes of
    the head or the body, `reset` ends the connection with a TCP reset.
    """

    endpoint: str | None
    answer: Response | None = None
    delay: float = 0.0
    drip: float = 0.0
    part: Literal["header", "body"] = "body"
    reset: bool = False


class FaultQueue:
    """Hold the faults that wait for a request, in order, safely across threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def add(self, fault: Fault, times: int) -> None:
        """Let the fault meet the next `times` requests to its endpoint."""
        with self._lock:
            self._waiting.extend([fault] * times)

    def take(self, endpoint: str) -> Fault | None:
        """Remove and return the first fault that waits for this endpoint."""
        with self._lock:
            for place, fault in enumerate(self._waiting):
                if fault.endpoint in (None, endpoint):
                    return self._waiting.pop(place)
        return None

    def clear(self) -> None:
        """Drop every fault that has not met its request."""
        with self._lock:
            self._waiting.clear()
