"""The rows of the record, read page by page, whatever was done to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import DataError, OperationalError
from django.db.models import Q, QuerySet

from kc_exchange.models import AuditEvent, AuditHead

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = 1_000
"""Rows that are kept in memory at a time."""
_Events = QuerySet[AuditEvent, Any]
_CHAIN = ("seq", "payload", "previous_hash", "hash")
DERIVED = (
    "event_id", "type", "outcome", "code", "occurred_at", "operator_id",
    "operator_name", "target_id", "target_name", "grant_id",
)  # fmt: skip
_LARGEST = 2**63 - 1
_CONVERSION = (ValueError, TypeError, AttributeError, OverflowError, DataError)


@dataclass(frozen=True, slots=True)
class Row:
    """One row as the database has it."""

    seq: int
    payload: bytes
    previous_hash: str
    hash: str
    columns: dict[str, Any] | None
    """The derived columns; None where one of them cannot be read at all."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How far the record goes: what its rows say, and what its head says."""

    highest: int
    size: int | None
    """None where there is no head, or none that can be read."""
    hash: str


def extent(alias: str) -> Extent:
    """Return how far the record goes.

    The rows are asked first: an event and its head are committed together, so the head
    is never behind them, however many are written meanwhile.
    """
    events = AuditEvent.objects.using(alias).filter(seq__lte=_LARGEST)
    top = events.order_by("-seq").values_list("seq", flat=True).first()
    size, digest = _head(alias)
    return Extent(top if type(top) is int else 0, size, digest)


def rows(alias: str, after: int = 0, found: Q | None = None) -> Iterator[Row]:
    """Yield the rows with a number above `after`, in their order.

    After 0 that is all there is, also what has no number or one below 1. Each page is
    a query of its own: MySQL would otherwise send the whole table, and SQLite keep its
    writers out.

    Args:
        alias: of the database.
        after: the number to begin after.
        found: only those rows, where it is given.
    """
    events = AuditEvent.objects.using(alias).filter(found or Q()).order_by("seq")
    least, skip = (after + 1 if after else None), 0
    while True:
        page = _page(events, least, skip)
        yield from page
        if len(page) < PAGE:
            return
        numbers: list[int | None] = [row.seq for row in page]
        last = next((n for n in reversed(numbers) if type(n) is int), least)
        skip = len(page) + skip if last == least else len(page) - numbers.index(last)
        least = last


def is_unreadable(error: Exception) -> bool:
    """Whether a query failed on what a row holds; SQLite keeps anything anywhere."""
    if isinstance(error, OperationalError):
        return "decode to utf-8" in str(error).lower()
    return isinstance(error, _CONVERSION)


def row_at(alias: str, seq: int) -> Row | None:
    """Return the row of that number, None without one."""
    events = AuditEvent.objects.using(alias)
    return _one(events, seq) if events.filter(seq=seq).exists() else None


def hashes(alias: str, upto: int) -> Iterator[tuple[int, str]]:
    """Yield number and hash of the first `upto` rows.

    Raises:
        Exception: one for which `is_unreadable`.
    """
    last = 0
    while last < upto:
        events = AuditEvent.objects.using(alias).filter(seq__gt=last, seq__lte=upto)
        page = list(events.order_by("seq").values_list("seq", "hash")[: 10 * PAGE])
        yield from page
        if not page:
            return
        last = page[-1][0]


def _head(alias: str) -> tuple[int | None, str]:
    heads = AuditHead.objects.using(alias).filter(id=1).values_list("size", "hash")
    try:
        size, digest = heads.first() or (None, "")
    except Exception as error:
        if not is_unreadable(error):
            raise
        return None, ""
    return (size if type(size) is int else None), str(digest)


def _page(events: _Events, least: int | None, skip: int) -> list[Row]:
    """Return the next rows; one by one where one of them cannot be read.

    A table that has lost its key may have a number twice, so a page begins with the
    last number of the page before, and skips what was there.
    """
    if least is not None:
        events = events.filter(seq__gte=least)
    part = slice(skip, skip + PAGE)
    try:
        return [_row(values) for values in events.values(*_CHAIN, *DERIVED)[part]]
    except Exception as error:
        if not is_unreadable(error):
            raise
        return [_one(events, seq) for seq in events.values_list("seq", flat=True)[part]]


def _one(events: _Events, seq: Any) -> Row:
    """Return one row, with as many of its columns as can be read."""
    for names in ((*_CHAIN, *DERIVED), _CHAIN):
        try:
            return _row(events.filter(seq=seq).values(*names)[0])
        except Exception as error:
            if not is_unreadable(error):
                raise
    return Row(seq, b"", "", "", None)


def _row(values: dict[str, Any]) -> Row:
    payload = values["payload"]
    raw = bytes(payload) if isinstance(payload, (bytes, memoryview)) else b""
    columns = (
        {name: values[name] for name in DERIVED} if len(values) > len(_CHAIN) else None
    )
    digests = str(values["previous_hash"]), str(values["hash"])
    return Row(values["seq"], raw, *digests, columns)
