"""The rows of the record, read page by page, whatever was done to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import DataError

from kc_exchange.models import AuditEvent, AuditHead

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = 1_000
"""Rows that are kept in memory at a time."""
_CHAIN = ("seq", "payload", "previous_hash", "hash")
_DERIVED = (
    "event_id", "type", "outcome", "code", "occurred_at", "operator_id",
    "operator_name", "target_id", "target_name", "grant_id",
)  # fmt: skip
_LARGEST = 2**63 - 1
_UNREADABLE = (ValueError, TypeError, AttributeError, OverflowError, DataError)


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
    """None where there is no head."""
    hash: str


def extent(alias: str) -> Extent:
    """Return how far the record goes.

    The rows are asked first: an event and its head are committed together, so the head
    is never behind them, however many are written meanwhile.
    """
    events = AuditEvent.objects.using(alias).filter(seq__lte=_LARGEST)
    top = events.order_by("-seq").values_list("seq", flat=True).first()
    heads = AuditHead.objects.using(alias).order_by("id")
    size, digest = heads.values_list("size", "hash").first() or (None, "")
    return Extent(top if isinstance(top, int) else 0, size, digest)


def rows(alias: str, after: int) -> Iterator[Row]:
    """Yield the rows with a number above `after`, in their order.

    After 0 that is all there is, also what has no number or one below 1. Each page is
    a query of its own: MySQL would otherwise send the whole table, and SQLite keep its
    writers out.
    """
    least, skip = (after + 1 if after else None), 0
    while True:
        page = _page(alias, least, skip)
        yield from page
        if len(page) < PAGE:
            return
        numbers: list[int | None] = [row.seq for row in page]
        last = next((n for n in reversed(numbers) if type(n) is int), least)
        skip = len(page) + skip if last == least else len(page) - numbers.index(last)
        least = last


def row_at(alias: str, seq: int) -> Row | None:
    """Return the row of that number, None without one."""
    found = AuditEvent.objects.using(alias).filter(seq=seq).values(*_CHAIN).first()
    return _row(found, None) if found else None


def hashes(alias: str, upto: int) -> Iterator[tuple[int, str]]:
    """Yield number and hash of the first `upto` rows."""
    last = 0
    while last < upto:
        events = AuditEvent.objects.using(alias).filter(seq__gt=last, seq__lte=upto)
        page = list(events.order_by("seq").values_list("seq", "hash")[: 10 * PAGE])
        yield from page
        if not page:
            return
        last = page[-1][0]


def _page(alias: str, least: int | None, skip: int) -> list[Row]:
    """Return the next rows; one by one where one of them cannot be read.

    A table that has lost its key may have a number twice, so a page begins with the
    last number of the page before, and skips what was there.
    """
    events = AuditEvent.objects.using(alias).order_by("seq")
    if least is not None:
        events = events.filter(seq__gte=least)
    try:
        return [
            _row(values, {name: values[name] for name in _DERIVED})
            for values in events.values(*_CHAIN, *_DERIVED)[skip : skip + PAGE]
        ]
    except _UNREADABLE:
        return [
            _row(values, _derived(alias, values["seq"]))
            for values in events.values(*_CHAIN)[skip : skip + PAGE]
        ]


def _row(values: dict[str, Any], columns: dict[str, Any] | None) -> Row:
    payload = values["payload"]
    raw = bytes(payload) if isinstance(payload, (bytes, memoryview)) else b""
    return Row(
        values["seq"], raw, str(values["previous_hash"]), str(values["hash"]), columns
    )


def _derived(alias: str, seq: Any) -> dict[str, Any] | None:
    events = AuditEvent.objects.using(alias).filter(seq=seq)
    try:
        found: dict[str, Any] | None = events.values(*_DERIVED).first()
    except _UNREADABLE:
        return None
    return found
