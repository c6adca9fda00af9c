"""The grants, whose rows can change, against the record, which cannot."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kc_exchange.impersonation.audit.canonical import storable
from kc_exchange.impersonation.audit.report import Finding, Reason
from kc_exchange.models import AuditEvent, ImpersonationGrant
from kc_exchange.strict_json import loads_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

    from kc_exchange.impersonation.audit.report import Report

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
    for page in _pages(ImpersonationGrant.objects.using(alias), "pk"):
        events = _events(alias, [grant.pk for grant in page])
        for grant in page:
            if _disagreement(grant, events[grant.pk]) is not None:
                _look_again(report, alias, grant.pk)
    requested = AuditEvent.objects.using(alias).filter(type=_REQUESTED)
    for page in _pages(requested.only("seq", "grant_id"), "seq"):
        _check_rows(report, alias, page)


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


def _check_rows(report: Report, alias: str, page: list[AuditEvent]) -> None:
    wanted = {event.grant_id for event in page if event.grant_id}
    rows = ImpersonationGrant.objects.using(alias).filter(pk__in=wanted)
    known = set(rows.values_list("pk", flat=True))
    for event in page:
        if event.grant_id not in known:
            text = f"It is about grant {event.grant_id}, which is gone."
            report.add(_finding(Reason.GRANT_MISSING, event.seq, event.grant_id, text))


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
            if storable(getattr(grant, name)) != (start[who] or {}).get(member):
                yield name
    for column, member in _STATED.items():
        if member in details and storable(getattr(grant, column)) != details[member]:
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
    if storable(grant.ended_by_name) != end["details"].get("ended_by", ""):
        yield "ended_by_name"


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
    found = AuditEvent.objects.using(alias).filter(grant_id__in=grants, type__in=kinds)
    by_grant: dict[UUID, list[_Said]] = defaultdict(list)
    for grant, payload in found.order_by("seq").values_list("grant_id", "payload"):
        try:
            said = loads_object(bytes(payload))
        except (TypeError, ValueError):
            continue
        whole = isinstance(said.get("seq"), int) and "target" in said
        parts = (
            isinstance(said.get("operator"), dict),
            isinstance(said.get("details"), dict),
        )
        if grant and whole and all(parts) and said.get("type") in kinds:
            by_grant[grant].append(said)
    return by_grant


def _pages(found: Any, key: str) -> Iterator[list[Any]]:
    last = None
    while True:
        page = found.order_by(key)
        if last is not None:
            page = page.filter(**{f"{key}__gt": last})
        page = list(page[:_PAGE])
        yield page
        if len(page) < _PAGE:
            return
        last = page[-1].pk


def _finding(reason: Reason, seq: int | None, grant: Any, sentence: str) -> Finding:
    return Finding(reason=reason, sentence=sentence, seq=seq, grant=str(grant))
