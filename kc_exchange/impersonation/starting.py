"""The start of a grant: asked for, recorded, obtained at Keycloak, recorded, in use."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, router, transaction
from django.middleware.csrf import rotate_token
from django.utils import timezone

from kc_exchange import capture
from kc_exchange.exceptions import ExchangeError, ExchangeMisconfigured, printable
from kc_exchange.impersonation import (
    audit,
    conditions,
    keycloak,
    permissions,
    session,
    session_age,
    tokens,
)
from kc_exchange.impersonation.address import client_address
from kc_exchange.impersonation.errors import ImpersonationRefused
from kc_exchange.impersonation.events import about, stated
from kc_exchange.impersonation.people import person
from kc_exchange.impersonation.terms import Terms, terms
from kc_exchange.models import AuditEvent, ImpersonationGrant

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpRequest

    from kc_exchange.exchange import Impersonated
    from kc_exchange.impersonation.audit import Append
    from kc_exchange.impersonation.keycloak import Ends

Type = AuditEvent.Type


def start(
    request: HttpRequest,
    target: AbstractBaseUser,
    *,
    reason: str,
    mode: str = "read-only",
    minutes: int | None = None,
    ticket: str = "",
    category: str = "",
    back: str = "",
) -> ImpersonationGrant:
    """Let the user of `request` act as `target`, from the next request on.

    Call it outside of a transaction: the record is committed before anything changes,
    and a view under ATOMIC_REQUESTS needs `transaction.non_atomic_requests`. The
    session key and the CSRF token are renewed.

    Args:
        request: of the operator, through the session; its user is the operator.
        target: an active user.
        reason: 10 to 1,000 characters, kept for good.
        mode: "read-only" or "read-write".
        minutes: how long at the most; DEFAULT_MINUTES where it is None.
        ticket: what TICKET_PATTERN accepts, or nothing.
        category: one of CATEGORIES, where the settings have any.
        back: path to return to at the end.

    Raises:
        ValidationError: the terms are wrong, by the names of these arguments.
        ImpersonationRefused: this operator may not, or not now.
        ExchangeError: Keycloak refuses, or is away; nothing has begun.
        AuditUnavailable: it cannot be recorded; nothing has begun.
    """
    agreed = terms(
        reason=reason, ticket=ticket, category=category, mode=mode, minutes=minutes
    )
    operator = _operator(request)
    try:
        refuse_here(request)
        permissions.check(operator=operator, target=target, mode=mode)
        ends = keycloak.ends(request, target)
    except ExchangeError as error:
        _deny(request, target, agreed, error)
        raise
    grant = _requested(request, target, agreed, ends)
    try:
        issued = keycloak.first_hop(ends, grant)
    except ExchangeError as error:
        _refused(grant, error)
        raise
    _begin(request, grant, issued, agreed.minutes)
    request.session[session.ITEM] = {"grant": str(grant.pk), "back": back}
    rotate_token(request)
    return grant


def _operator(request: Any) -> Any:
    """Return who asks: also in a view that runs as somebody else already."""
    return getattr(request, "operator", None) or request.user


def refuse_here(request: HttpRequest) -> None:
    """Raise if no grant can begin in this session, whoever the target is.

    Raises:
        ImpersonationRefused: one is open already.
        ExchangeMisconfigured: the project's settings do not allow it.
    """
    if not hasattr(request, "grant"):
        raise ExchangeMisconfigured(
            "ImpersonationMiddleware did not run: nobody would act as anybody.",
            "Add kc_exchange.middleware.ImpersonationMiddleware at the end of "
            "MIDDLEWARE.",
        )
    if getattr(request, "grant", None) is not None:
        raise ImpersonationRefused(
            "You act as somebody already.",
            "End that impersonation first.",
            reason="nested",
        )
    if capture.uses_cookie_sessions():
        raise ExchangeMisconfigured(
            "SESSION_ENGINE keeps sessions in the cookie: a copy of it would outlive "
            "the impersonation.",
            "Use a server-side engine, such as django.contrib.sessions.backends.db.",
        )


def _requested(
    request: HttpRequest, target: AbstractBaseUser, agreed: Terms, ends: Ends
) -> ImpersonationGrant:
    """Write down that it is asked for, and keep others of this operator out."""
    grant = _grant(request, target, agreed, ends)
    source = client_address(request)[1]

    def work(append: Append) -> None:
        _take_the_place(grant)
        append(about(grant, Type.START_REQUESTED, **stated(grant, source)))

    try:
        audit.committed(work)
    except ImpersonationRefused as refusal:
        _deny(request, target, agreed, refusal)
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


def _begin(
    request: HttpRequest,
    grant: ImpersonationGrant,
    issued: Impersonated | None,
    minutes: int,
) -> None:
    """Renew the session's key, then record that the grant has begun."""
    until = session_age.ends_at(
        request.session, getattr(request.user, "last_login", None)
    )
    session_age.hold(request.session, until)
    request.session.cycle_key()
    now = timezone.now()
    grant.started_at = grant.last_seen_at = now
    grant.expires_at = now + timedelta(minutes=minutes)
    grant.session_expires_at = until
    grant.session_digest = session.digest(request.session.session_key)
    if issued is not None:
        grant.keycloak_sid, grant.keycloak_jti = issued.session_id, issued.token_id
    try:
        audit.committed(lambda append: _granted(append, grant, issued))
    except ExchangeError:
        if issued is not None:
            tokens.give_back(grant, issued)
        raise


def _granted(
    append: Append, grant: ImpersonationGrant, issued: Impersonated | None
) -> None:
    grant.save(force_update=True)
    if issued is not None:
        tokens.sealed(grant.pk, issued).save(force_insert=True)
    append(
        about(
            grant,
            Type.START_GRANTED,
            **stated(grant),
            sid=grant.keycloak_sid,
            jti=grant.keycloak_jti,
        )
    )


def _refused(grant: ImpersonationGrant, error: ExchangeError) -> None:
    """Close a grant that Keycloak did not let begin."""
    code = keycloak.code_of(error)
    cause = ImpersonationGrant.Cause.NOT_STARTED

    def work(append: Append) -> None:
        ImpersonationGrant.objects.filter(pk=grant.pk).update(
            ended_at=timezone.now(), end_cause=cause, open_for=None
        )
        append(
            about(grant, Type.START_DENIED, outcome="failure", code=code, cause=cause)
        )

    audit.committed(work)


def _deny(
    request: HttpRequest,
    target: AbstractBaseUser,
    agreed: Terms,
    error: ExchangeError,
) -> None:
    """Record an attempt that was refused before it was one."""
    user = _operator(request)
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
