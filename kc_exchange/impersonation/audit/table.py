"""Events as a table (CSV, RFC 4180) that a spreadsheet shows and never computes."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from kc_exchange.impersonation.audit.reading import inert

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kc_exchange.impersonation.audit.reading import Record

_DETAILS = (
    "reason", "ticket", "category", "mode", "expires_at", "ip", "ua", "method",
    "route", "path", "status", "request_id", "audience",
)  # fmt: skip
COLUMNS = (
    "seq", "event_id", "occurred_at", "type", "outcome", "code",
    "operator_id", "operator_name", "operator_iss", "operator_sub",
    "target_id", "target_name", "target_iss", "target_sub", "grant",
    *_DETAILS, "more", "hash",
)  # fmt: skip
_FORMULA = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What a spreadsheet takes for the start of a formula, in full width too."""


def header() -> str:
    """Return the first line of the table."""
    return _line(COLUMNS)


def as_row(record: Record) -> str:
    """Return the event as one line of the table, its end included."""
    target = record.target or {}
    more = {k: v for k, v in record.details.items() if k not in _DETAILS}
    cells: list[Any] = [
        record.seq, record.event_id, record.occurred_at, record.type,
        record.outcome, record.code,
        *(record.operator.get(key, "") for key in ("id", "name", "iss", "sub")),
        *(target.get(key, "") for key in ("id", "name", "iss", "sub")),
        record.grant,
        *(record.details.get(name) for name in _DETAILS),
        json.dumps(more, sort_keys=True) if more else "",
        record.hash,
    ]  # fmt: skip
    return _line(map(cell, cells))


def cell(value: Any) -> str:
    """Return a cell's text: one line, escaped, and no formula.

    What begins like a formula, be it after blanks, gets an apostrophe before it.
    """
    text = "" if value is None else str(value)
    starts = {text[:1], text.lstrip()[:1]} - {""}
    return ("'" if starts & _FORMULA else "") + inert(text)


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(cells)
    return line.getvalue()
