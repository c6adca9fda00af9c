"""What a record says: its form, its columns, its time, and the request it is about."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from kc_exchange.impersonation.audit.event import VERSION, columns
from kc_exchange.impersonation.audit.payloads import is_canonical
from kc_exchange.impersonation.audit.report import Finding, Reason

if TYPE_CHECKING:
    from kc_exchange.impersonation.audit.report import Report
    from kc_exchange.impersonation.audit.rows import Row

LATE = timedelta(minutes=10)
"""How long a request may take before its outcome counts as unknown."""
_MOST_OPEN = 10_000
"""Requests without an outcome that are kept in memory; more are only counted."""


class Contents:
    """What is looked at in each record whose payload is genuine."""

    def __init__(self, report: Report, now: datetime) -> None:
        self._report = report
        self._times = _Times()
        self._requests = _Requests(now - LATE)
        self._newer = 0

    def take(self, row: Row, said: dict[str, Any] | None) -> None:
        """Check what a row says.

        Args:
            row: one whose payload is what was hashed.
            said: the payload, parsed; None where it cannot be.
        """
        if said is None or not is_canonical(said, row.payload):
            text = "Its payload is not canonical JSON, which is all that is written."
            self._note(Reason.NOT_CANONICAL, row, text)
        elif said.get("v") != VERSION:
            self._newer = self._newer or row.seq
        elif self._agrees(row, said):
            self._times.take(row.seq, said["occurred_at"])
            self._requests.take(row.seq, said)

    def finish(self) -> None:
        """Write down what only the whole of the record shows."""
        if self._newer:
            self._report.unable.append(
                f"Record {self._newer} is of a version that this kc_exchange does not "
                "know."
            )
        self._report.warnings += self._times.warnings()
        self._report.notes += self._requests.notes()

    def _agrees(self, row: Row, said: dict[str, Any]) -> bool:
        """Compare the columns with the payload."""
        try:
            right = columns(said)
            said["details"].keys()
        except (KeyError, TypeError, ValueError, AttributeError):
            text = "Its payload does not have the members of an event."
            self._note(Reason.NOT_CANONICAL, row, text)
            return False
        found = row.columns
        if found is None:
            self._note(Reason.COLUMN_CHANGED, row, "One of its columns is unreadable.")
            return True
        wrong = [name for name, value in found.items() if value != right[name]]
        if wrong:
            right = columns(said, ascii_only=True)
            wrong = [name for name in wrong if found[name] != right[name]]
        if wrong:
            text = f"Its payload says otherwise than {', '.join(wrong)}."
            self._note(Reason.COLUMN_CHANGED, row, text)
        return True

    def _note(self, reason: Reason, row: Row, sentence: str) -> None:
        self._report.add(Finding(reason=reason, sentence=sentence, seq=row.seq))


class _Times:
    """Whether the clock went back from one record to the next."""

    def __init__(self) -> None:
        self._latest = ""
        self._first = 0
        self._count = 0

    def take(self, seq: int, occurred_at: str) -> None:
        """`occurred_at` is in UTC with microseconds, so text sorts as time does."""
        if occurred_at < self._latest:
            self._first = self._first or seq
            self._count += 1
        else:
            self._latest = occurred_at

    def warnings(self) -> list[str]:
        if not self._count:
            return []
        many = "once" if self._count == 1 else f"{self._count} times"
        text = f"The clock went back {many}, first at record {self._first}: "
        return [text + "the order of the times is not that of the records."]


class _Requests:
    """Requests that were let in, and of which no outcome was recorded."""

    def __init__(self, latest: datetime) -> None:
        self._latest = latest
        self._open: OrderedDict[str, tuple[int, str]] = OrderedDict()
        self._dropped = 0

    def take(self, seq: int, said: dict[str, Any]) -> None:
        """The end of a request names its beginning, by the id of that event."""
        if said["type"] == "request.started":
            self._open[said["event_id"]] = (seq, said["occurred_at"])
            if len(self._open) > _MOST_OPEN:
                self._open.popitem(last=False)
                self._dropped += 1
        elif said["type"] == "request.finished":
            self._open.pop(str(said["details"].get("started")), None)

    def notes(self) -> list[str]:
        late = [
            seq
            for seq, at in self._open.values()
            if datetime.fromisoformat(at) < self._latest
        ]
        count = len(late) + self._dropped
        if not count:
            return []
        first = f", first of record {late[0]}" if late and not self._dropped else ""
        text = f"Of {count} requests the outcome is unknown{first}: they were let in, "
        return [text + "and the process ended before it could record how they went."]
