"""What the views of the help desk saw, written down while they ran."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from kc_exchange.impersonation.audit.reading import read_record
from kc_exchange.impersonation.session import digest
from kc_exchange.models import AuditEvent, ImpersonationGrant

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Whom a view saw, and what the database held at that moment."""

    request_id: str
    user: str
    operator: str
    grant: UUID | None
    holds: bool
    """The grant's row is open, unexpired, with a reason, and of this browser."""
    recorded: bool
    """The start was requested and granted, then this request recorded, in order."""


SEEN: list[Sighting] = []


def write_down(request: HttpRequest) -> None:
    """Note whom a view sees; every view of the help desk calls it first."""
    grant: ImpersonationGrant | None = getattr(request, "grant", None)
    operator: Any = getattr(request, "operator", None)
    request_id = request.headers.get("X-Request-ID", "")
    SEEN.append(
        Sighting(
            request_id=request_id,
            user=request.user.get_username(),
            operator=operator.get_username() if operator else "",
            grant=grant.pk if grant else None,
            holds=grant is not None and _holds(grant, request),
            recorded=grant is not None and _is_recorded(grant, request_id),
        )
    )


def _holds(grant: ImpersonationGrant, request: HttpRequest) -> bool:
    now = timezone.now()
    row = ImpersonationGrant.objects.get(pk=grant.pk)
    key = request.COOKIES.get("sessionid", "")
    return (
        row.is_open
        and row.open_for == row.operator_id
        and row.expires_at > now
        and bool(row.reason.strip())
        and row.session_digest == digest(key)
    )


def _is_recorded(grant: ImpersonationGrant, request_id: str) -> bool:
    types = []
    for event in AuditEvent.objects.filter(grant_id=grant.pk).order_by("seq"):
        record = read_record(event)
        if not record.type.startswith("request."):
            types.append(record.type)
        elif record.detail("request_id") == request_id:
            types.append("this " + record.type)
    begun = [kind for kind in types if kind.startswith(("start.", "this "))]
    return begun == ["start.requested", "start.granted", "this request.started"]
