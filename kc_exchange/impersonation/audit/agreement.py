"""The grants, whose rows can change, against the record, which cannot."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from kc_exchange.exceptions import printable
from kc_exchange.impersonation.audit.canonical import storable
from kc_exchange.impersonation.audit.report import Finding, Reason
from kc_exchange.impersonation.audit.rows import is_unreadable, rows
from kc_exchange.models import ImpersonationGrant
from kc_exchange.strict_json import loads_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kc_exchange.impersonation.audit.report import Report
    from kc_exchange.impersonation.audit.rows import Row

_PAGE = 500
_LOOKS = 3
"""How often a grant is looked at before it counts as changed: it may be changing."""
_REQUESTED, _GRANTED = "start.requested", "start.granted"
_ENDED = frozenset({"start.denied", "grant.ended"})
_STATED = {
    "reason": "reason",
    "ticket": "ticket",
    "category": "category",
    "mode": "mode",
    "realm": "realm",
    "client_address": "ip",
    "user_agent": "ua",
    "keycloak_sid": "sid",
    "keycloak_jti": "jti",
}
"""Columns of a grant, and the details of its start that say the same."""
_PERSON = {"id": "id", "name": "name", "subject": "sub"}

_Said = dict[str, Any]


def check_grants(report: Report, alias: str) -> None:
    """Compare every grant with its events, and the events with the grants."""
    for page in _grants(report, alias):
        events = _events(alias, [grant.pk for grant in page])
        for grant in page:
            if _disagreement(grant, events[grant.pk]) is not None:
                _look_again(report, alias, grant.pk)
    requested = rows(alias, found=Q(type=_REQUESTED))
    while page_of := list(islice(requested, _PAGE)):
        _check_rows(report, alias, page_of)


def _grants(report: Report, alias: str) -> Iterator[list[ImpersonationGrant]]:
    """Yield the grants page by page; one by one where one of them cannot be read."""
    grants = ImpersonationGrant.objects.using(alias).order_by("pk")
    start, size = 0, _PAGE
    while size == _PAGE:
        part = slice(start, start + _PAGE)
        try:
            page = list(grants[part])
            size = len(page)
        except Exception as error:
            if not is_unreadable(error):
                raise
            texts = grants.annotate(text=Cast("pk", TextField()))
            found = list(texts.values_list("text", flat=True)[part])
            size = len(found)
            page = [g for text in found if (g := _readable(report, grants, text))]
        yield page
        start += _PAGE


def _readable(report: Report, grants: Any, pk: str) -> ImpersonationGrant | None:
    try:
        found: ImpersonationGrant | None = grants.filter(pk=UUID(pk)).first()
    except Exception as error:
        if not is_unreadable(error):
            raise
        found = None
    if found is None:
        text = f"Grant {printable(pk)} holds something that cannot be read."
        report.add(_finding(Reason.GRANT_CHANGED, None, printable(pk), text))
    return found


def _look_again(report: Report, alias: str, pk: UUID) -> None:
    """Note the disagreement if it lasts: the row was read before its events."""
    found: Finding | None = None
    for _ in range(_LOOKS):
        grant = ImpersonationGrant.objects.using(alias).get(pk=pk)
        found = _disagreement(grant, _events(alias, [pk])[pk])
        if found is None:
            return
    if found is not None:
        report.add(found)


def _check_rows(report: Report, alias: str, page: list[Row]) -> None:
    about = {row.seq: (row.columns or {}).get("grant_id") for row in page}
    grants = ImpersonationGrant.objects.using(alias)
    known = grants.filter(pk__in={pk for pk in about.values() if pk})
    there = set(known.values_list("pk", flat=True))
    for seq, pk in about.items():
        if pk not in there:
            text = f"It is about grant {pk}, which is gone."
            report.add(_finding(Reason.GRANT_MISSING, seq, pk, text))


def _disagreement(grant: ImpersonationGrant, events: Iterable[_Said]) -> Finding | None:
    said = {event["type"]: event for event in events}
    if _REQUESTED not in said:
        text = f"Grant {grant.pk} is in no record: nobody asked for it."
        return _finding(Reason.GRANT_UNRECORDED, None, grant.pk, text)
    start = said.get(_GRANTED, said[_REQUESTED])
    ends = sorted((said[t]["seq"], said[t]) for t in _ENDED & set(said))
    end = ends[-1][1] if ends else None
    wrong = [*_of_start(grant, start), *_of_end(grant, end)]
    if (grant.started_at is not None) != (_GRANTED in said):
        wrong.append("started_at")
    if not wrong:
        return None
    seq = (end or start)["seq"] if set(wrong) <= _END_COLUMNS else start["seq"]
    text = f"Grant {grant.pk} says otherwise: {', '.join(wrong)}."
    return _finding(Reason.GRANT_CHANGED, seq, grant.pk, text)


_END_COLUMNS = {"ended_at", "end_cause", "ended_by_name", "open_for"}


def _of_start(grant: ImpersonationGrant, start: _Said) -> Iterator[str]:
    details = start["details"]
    for who in ("operator", "target"):
        for column, member in _PERSON.items():
            name = f"{who}_{column}"
            if not _is_same(getattr(grant, name), start[who].get(member)):
                yield name
    for column, member in _STATED.items():
        value = getattr(grant, column)
        if member in details and not _is_same(value, details[member]):
            yield column
    if grant.expires_at != _moment(details.get("expires_at")):
        yield "expires_at"


def _of_end(grant: ImpersonationGrant, end: _Said | None) -> Iterator[str]:
    if (grant.ended_at is None) != (end is None):
        yield "ended_at"
    if grant.open_for != (grant.operator_id if grant.ended_at is None else None):
        yield "open_for"
    if end is None:
        return
    if grant.end_cause != end["details"].get("cause"):
        yield "end_cause"
    if not _is_same(grant.ended_by_name, end["details"].get("ended_by", "")):
        yield "ended_by_name"


def _is_same(value: Any, stored: Any) -> bool:
    """Whether a column's value is what was stored of it in an event."""
    try:
        return bool(storable(value) == stored)
    except ValueError:
        return False


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None


def _events(alias: str, grants: list[UUID]) -> dict[UUID, list[_Said]]:
    """Return the events of starts and ends, by grant, in the order of the record.

    One whose payload is no event is left out: that is a finding of its own.
    """
    kinds = [_REQUESTED, _GRANTED, *_ENDED]
    by_grant: dict[UUID, list[_Said]] = defaultdict(list)
    for row in rows(alias, found=Q(grant_id__in=grants, type__in=kinds)):
        try:
            said = loads_object(row.payload)
        except ValueError:
            continue
        parts = said.get("operator"), said.get("details"), said.get("target")
        whole = isinstance(said.get("seq"), int) and said.get("type") in kinds
        if row.columns and whole and all(isinstance(part, dict) for part in parts):
            by_grant[row.columns["grant_id"]].append(said)
    return by_grant


def _finding(reason: Reason, seq: int | None, grant: Any, sentence: str) -> Finding:
    return Finding(reason=reason, sentence=sentence, seq=seq, grant=str(grant))
