"""What comes before a grant: that it is asked for, by whom, and a place for it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, router, transaction
from django.utils import timezone

from kc_exchange.exceptions import printable
from kc_exchange.impersonation import audit, conditions, keycloak
from kc_exchange.impersonation.address import client_address
from kc_exchange.impersonation.ending import end_abandoned
from kc_exchange.impersonation.errors import ImpersonationRefused
from kc_exchange.impersonation.events import about, stated
from kc_exchange.impersonation.people import person
from kc_exchange.models import AuditEvent, ImpersonationGrant

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpRequest

    from kc_exchange.exceptions import ExchangeError
    from kc_exchange.impersonation.audit import Append
    from kc_exchange.impersonation.keycloak import Ends
    from kc_exchange.impersonation.terms import Terms

Type = AuditEvent.Type


def operator_of(request: Any) -> Any:
    """Return who asks: also in a view that runs as somebody else already."""
    return getattr(request, "operator", None) or request.user


def requested(
    request: HttpRequest, target: AbstractBaseUser, agreed: Terms, ends: Ends
) -> ImpersonationGrant:
    """Write down that a grant is asked for, and keep others of this operator out.

    One that no longer holds, and that nobody came back to, is ended first.

    Raises:
        ImpersonationRefused: another one is open.
        AuditUnavailable: it cannot be recorded.
    """
    grant = _grant(request, target, agreed, ends)
    end_abandoned(grant.operator_id)
    source = client_address(request)[1]

    def work(append: Append) -> None:
        _take_the_place(grant)
        append(about(grant, Type.START_REQUESTED, **stated(grant, source)))

    try:
        audit.committed(work)
    except ImpersonationRefused as refusal:
        deny(request, target, agreed, refusal)
        raise
    return grant


def _take_the_place(grant: ImpersonationGrant) -> None:
    alias = router.db_for_write(ImpersonationGrant)
    try:
        with transaction.atomic(using=alias):
            grant.save(using=alias, force_insert=True)
    except IntegrityError:
        raise ImpersonationRefused(
            "You act as somebody already, here or in another browser.",
            "End that impersonation first; it is in the list of grants.",
            reason="already_open",
        ) from None


def _grant(
    request: HttpRequest, target: AbstractBaseUser, agreed: Terms, ends: Ends
) -> ImpersonationGrant:
    operator: Any = request.user
    now = timezone.now()
    return ImpersonationGrant(
        operator_id=str(operator.pk),
        operator_name=operator.get_username()[:255],
        operator_subject=ends.operator_subject,
        target_id=str(target.pk),
        target_name=target.get_username()[:255],
        target_subject=ends.target_subject,
        reason=agreed.reason,
        ticket=agreed.ticket,
        category=agreed.category,
        mode=agreed.mode,
        requested_at=now,
        expires_at=now + timedelta(minutes=agreed.minutes),
        client_address=client_address(request)[0],
        user_agent=printable(request.headers.get("User-Agent", ""))[:256],
        password_digest=conditions.password_digest(operator),
        realm=ends.realm,
        open_for=str(operator.pk),
    )


def deny(
    request: HttpRequest,
    target: AbstractBaseUser,
    agreed: Terms,
    error: ExchangeError,
) -> None:
    """Record an attempt that was refused before it was one."""
    user = operator_of(request)
    address, source = client_address(request)
    audit.record(
        audit.Event(
            type=Type.START_DENIED,
            outcome="failure",
            code=keycloak.code_of(error),
            operator=person(user),
            target=person(target),
            details={
                "reason": agreed.reason,
                "ticket": agreed.ticket,
                "mode": agreed.mode,
                "ip": address,
                "ip_source": source,
            },
        )
    )
