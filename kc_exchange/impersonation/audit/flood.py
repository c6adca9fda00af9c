"""A flood of refused starts: some a minute are recorded one by one, the rest counted.

Ten of an operator, and the first for each of a hundred targets.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kc_exchange import forks
from kc_exchange.exceptions import printable
from kc_exchange.models import AuditEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from kc_exchange.impersonation.audit.event import Event

_log = logging.getLogger("kc_exchange")
_lock = forks.Lock()
_MOST = 10
_TARGETS = 100
"""Targets of one operator whose first refusal is recorded beyond that."""
_WINDOW = 60.0
"""Seconds."""
_OPERATORS = 1_000
"""Operators that are counted at a time; ids are at most 255 characters long."""
_LONGEST = 255


@dataclass(slots=True)
class _Tally:
    since: float
    admitted: int = 0
    suppressed: int = 0
    targets: set[str] = field(default_factory=set)
    """Ids of the targets that are recorded already."""

    def has_room_for(self, target: str) -> bool:
        """Whether to record it: nobody hides whom they tried behind a flood."""
        is_new = target not in self.targets and len(self.targets) < _TARGETS
        return is_new or self.admitted < _MOST


class Flood:
    """How many refused starts each operator had lately, in this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tallies: OrderedDict[str, _Tally] = OrderedDict()

    def admit(self, event: Event) -> Event | None:
        """Return the event to record: it says how many were not; None for one of those.

        An event of another type comes back as it is.
        """
        if event.type != AuditEvent.Type.START_DENIED:
            return event
        with _lock:
            tally = self._tally(event)
            target = event.target.id[:_LONGEST] if event.target else ""
            is_full = not tally.has_room_for(target)
            suppressed = tally.suppressed
            tally.admitted += not is_full
            if not is_full:
                tally.targets.add(target)
            tally.suppressed = suppressed + 1 if is_full else 0
        if is_full:
            _log.warning(
                "kc_exchange.denied_not_recorded operator=%s target=%s code=%s",
                printable(event.operator.id),
                printable(target),
                printable(event.code),
            )
            return None
        if suppressed:
            return replace(event, details={**event.details, "suppressed": suppressed})
        return event

    def give_back(self, event: Event) -> None:
        """Count again what `event` was to say: it was not recorded."""
        suppressed = event.details.get("suppressed", 0)
        if event.type == AuditEvent.Type.START_DENIED:
            with _lock:
                self._tally(event).suppressed += suppressed

    def clear(self) -> None:
        """Forget everybody."""
        with _lock:
            self._tallies.clear()

    def _tally(self, event: Event) -> _Tally:
        operator, now = event.operator.id[:_LONGEST], self._clock()
        tally = self._tallies.setdefault(operator, _Tally(now))
        self._tallies.move_to_end(operator)
        if now - tally.since >= _WINDOW:
            tally.since, tally.admitted = now, 0
            tally.targets.clear()
        while len(self._tallies) > _OPERATORS:
            self._forget_oldest()
        return tally

    def _forget_oldest(self) -> None:
        operator, tally = self._tallies.popitem(last=False)
        if tally.suppressed:
            _log.warning(
                "kc_exchange.denied_forgotten operator=%s count=%d",
                printable(operator),
                tally.suppressed,
            )


flood = Flood()
forks.in_child(flood._tallies.clear)  # noqa: SLF001 - no lock: there is one thread
