"""What the record and the rows of the help desk have to say of each other."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from kc_exchange.impersonation.audit.reading import read_record
from kc_exchange.impersonation.tokens import opened
from kc_exchange.models import AuditEvent, GrantToken, ImpersonationGrant
from kc_exchange.tokens import unverified_claims
from tests.impersonation.helpdesk.people import REALM, TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from kc_exchange.impersonation.audit.reading import Record
    from kc_exchange.testing import EmbeddedKeycloak


def disagreements(operators: Iterable[str]) -> list[str]:
    """Name every grant of these operators that the record tells otherwise.

    Each transition has exactly one record: a row that is there was asked for, one that
    began was granted, one that ended has its cause in the record; and the reverse.
    """
    grants = list(ImpersonationGrant.objects.filter(operator_id__in=operators))
    records = _records([grant.pk for grant in grants])
    found = [text for g in grants for text in _of_grant(g, records[g.pk])]
    still_open = Counter(g.operator_id for g in grants if g.ended_at is None)
    return found + [f"two open for {pk}" for pk, n in still_open.items() if n > 1]


def live_sessions(keycloak: EmbeddedKeycloak) -> set[str]:
    """Return the targets' sessions at Keycloak that have not ended."""
    return {sid for name in TARGETS for sid in keycloak.sessions(REALM, name)}


def kept_sessions() -> set[str]:
    """Return the sessions at Keycloak of which a token is kept."""
    tokens = [opened(row) for row in GrantToken.objects.all()]
    return {str(unverified_claims(t.value)["sid"]) for t in tokens if t is not None}


def _records(grants: list[UUID]) -> dict[Any, list[Record]]:
    found: dict[Any, list[Record]] = defaultdict(list)
    for event in AuditEvent.objects.filter(grant_id__in=grants).order_by("seq"):
        found[event.grant_id].append(read_record(event))
    return found


def _of_grant(grant: ImpersonationGrant, records: list[Record]) -> list[str]:
    count = Counter(record.type for record in records)
    began, ended = grant.started_at is not None, grant.ended_at is not None
    right = {
        "requested once": count["start.requested"] == 1,
        "granted as the row says": count["start.granted"] == began,
        "denied or begun": not (began and count["start.denied"]),
        "ended as the row says": count["grant.ended"] + count["start.denied"] == ended,
        "ended for one cause": _causes(records) == [grant.end_cause] * ended,
        "the place is free": grant.open_for == (None if ended else grant.operator_id),
        "in order": _is_in_order([r.type for r in records], began=began),
        "each request finished once": not _repeated(records),
    }
    return [f"{grant.pk} not {what}" for what, holds in right.items() if not holds]


def _causes(records: list[Record]) -> list[str]:
    ends = [r for r in records if r.type in {"grant.ended", "start.denied"}]
    return [record.detail("cause") for record in ends]


def _is_in_order(types: list[str], *, began: bool) -> bool:
    """Whether the start comes first, and nothing is let in after the end."""
    first = ["start.requested", "start.granted"] if began else ["start.requested"]
    after = types[types.index("grant.ended") :] if "grant.ended" in types else []
    return types[: len(first)] == first and "request.started" not in after


def _repeated(records: list[Record]) -> list[str]:
    finished = Counter(r.detail("started") for r in records if "finished" in r.type)
    begun = {r.event_id for r in records if r.type == "request.started"}
    return [event for event, n in finished.items() if n > 1 or event not in begun]
