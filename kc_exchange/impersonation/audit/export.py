"""The record for other programs: ECS and OCSF as NDJSON, and CSV."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any, Literal

from django.conf import settings
from django.db import router
from django.db.models import Q

from kc_exchange.impersonation.audit import table
from kc_exchange.impersonation.audit.ecs import as_ecs
from kc_exchange.impersonation.audit.ocsf import as_ocsf
from kc_exchange.impersonation.audit.reading import read_row
from kc_exchange.impersonation.audit.rows import rows
from kc_exchange.models import AuditEvent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from uuid import UUID

Format = Literal["ecs", "ocsf", "csv"]
FORMATS: tuple[Format, ...] = ("ecs", "ocsf", "csv")


def export(
    form: Format,
    *,
    using: str | None = None,
    after: datetime | None = None,
    before: datetime | None = None,
    operator: str = "",
    target: str = "",
    grant: UUID | None = None,
    service: str = "kc_exchange",
) -> Iterator[str]:
    r"""Yield the lines of an export, each with its end, in the order of the record.

    A line of NDJSON is ASCII: whatever is not, and every control character, is
    escaped, so no text of an event can start a line of its own. An event keeps its
    `event_id`: whoever gets it twice can tell.

    Args:
        form: "ecs", "ocsf" or "csv".
        using: alias of the database; that of the record where it is None.
        after: only events at or after this moment, which has its time zone.
        before: only events before this moment, likewise.
        operator: id or name of the operator, to the letter.
        target: id or name of the target, to the letter.
        grant: only events of this grant.
        service: name of this site, for OCSF.
    """
    found = _selected(after=after, before=before, grant=grant)
    found &= _person("operator", operator) & _person("target", target)
    if form == "csv":
        yield table.header()
    for row in rows(using or router.db_for_read(AuditEvent), found=found):
        record = read_row(row)
        if form == "csv":
            yield table.as_row(record)
        elif form == "ocsf":
            yield _line(as_ocsf(record, service))
        else:
            yield _line(as_ecs(record))


def _line(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=True, allow_nan=False) + "\n"


def _selected(
    *, after: datetime | None, before: datetime | None, grant: UUID | None
) -> Q:
    found = Q()
    if after is not None:
        found &= Q(occurred_at__gte=_stored(after))
    if before is not None:
        found &= Q(occurred_at__lt=_stored(before))
    if grant is not None:
        found &= Q(grant_id=grant)
    return found


def _stored(moment: datetime) -> datetime:
    """Return a moment as the column has it: in UTC, also without USE_TZ."""
    utc = moment.astimezone(UTC)
    return utc if settings.USE_TZ else utc.replace(tzinfo=None)


def _person(who: str, said: str) -> Q:
    return Q(**{f"{who}_id": said}) | Q(**{f"{who}_name": said}) if said else Q()
