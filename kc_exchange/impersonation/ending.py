"""The end of a grant: recorded with its cause, once, and cleaned up after."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from kc_exchange.impersonation import audit, conditions, session, sources
from kc_exchange.impersonation.events import about
from kc_exchange.models import AuditEvent, GrantToken, ImpersonationGrant

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.base_user import AbstractBaseUser

    from kc_exchange.impersonation.audit import Append

_log = logging.getLogger("kc_exchange")
_UNSTARTED = timedelta(minutes=5)
"""How long a start may take before it counts as given up."""


def end(
    grant: ImpersonationGrant, cause: str, *, by: AbstractBaseUser | None = None
) -> bool:
    """End `grant`, record why, and take its tokens out of use.

    The row and its event are written together, outside of any transaction of the
    caller's; of two ends at the same time one is recorded. After that the token at
    Keycloak is revoked; if Keycloak is away, `sweep` does it later.

    Args:
        grant: an open grant; nothing happens if it is over.
        cause: one of `ImpersonationGrant.Cause`.
        by: who ended it, if it was not its operator.

    Returns:
        Whether it was this call that ended it.

    Raises:
        AuditUnavailable: it cannot be recorded, so the grant is still open.
    """
    now = timezone.now()
    name = "" if by is None else by.get_username()[:255]

    def work(append: Append) -> bool:
        if not _close(grant, cause, name, now):
            return False
        ended = AuditEvent.Type.GRANT_ENDED
        append(about(grant, ended, code=cause, cause=cause, ended_by=name))
        return True

    done = audit.committed(work)
    grant.refresh_from_db()
    if done:
        _log.info("kc_exchange.grant_ended grant=%s cause=%s", grant.pk, cause)
    _clean_up(grant)
    return done


def sweep() -> list[ImpersonationGrant]:
    """End what nobody came back for, and revoke what could not be revoked before.

    Returns the grants that were ended. Run it every few minutes; a grant that is over
    is refused at its next request all the same.

    Raises:
        AuditUnavailable: an end cannot be recorded.
    """
    ended = end_abandoned()
    left = GrantToken.objects.values_list("grant_id")
    for grant in ImpersonationGrant.objects.filter(pk__in=left.distinct()):
        sources.retire(grant)
    return ended


def end_abandoned(operator_id: str | None = None) -> list[ImpersonationGrant]:
    """End the open grants that no longer hold, of one operator or of all.

    Returns the grants that were ended.

    Raises:
        AuditUnavailable: an end cannot be recorded.
    """
    now = timezone.now()
    still_open = ImpersonationGrant.objects.filter(ended_at=None)
    if operator_id is not None:
        still_open = still_open.filter(open_for=operator_id)
    ended = []
    for grant in still_open:
        cause = _abandoned(grant, now)
        if cause is not None and end(grant, cause):
            ended.append(grant)
    return ended


def _abandoned(
    grant: ImpersonationGrant, now: datetime
) -> ImpersonationGrant.Cause | None:
    if grant.started_at is None:
        late = now - grant.requested_at >= _UNSTARTED
        return ImpersonationGrant.Cause.NOT_STARTED if late else None
    operator = conditions.user_of(grant.operator_id)
    target = conditions.user_of(grant.target_id)
    return conditions.over(grant, now) or conditions.lost(grant, operator, target)


def _close(grant: ImpersonationGrant, cause: str, by: str, now: datetime) -> bool:
    """Close the row; in the same breath its token goes out of use."""
    closed = ImpersonationGrant.objects.still_open(grant.pk).update(
        ended_at=now, end_cause=cause, ended_by_name=by, open_for=None
    )
    if closed:
        GrantToken.objects.filter(current_for=grant.pk).update(current_for=None)
    return bool(closed)


def _clean_up(grant: ImpersonationGrant) -> None:
    session.drop(grant.pk)
    sources.retire(grant)
