"""The start of a grant: asked for, recorded, obtained at Keycloak, recorded, in use."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import Error
from django.middleware.csrf import rotate_token
from django.utils import timezone

from kc_exchange import capture
from kc_exchange.capture.session_age import ends_at, hold
from kc_exchange.exceptions import ExchangeError, ExchangeMisconfigured
from kc_exchange.impersonation import (
    admission,
    audit,
    keycloak,
    permissions,
    session,
    tokens,
)
from kc_exchange.impersonation.ending import end
from kc_exchange.impersonation.errors import (
    AuditUnavailable,
    BearerWhileImpersonating,
    ImpersonationRefused,
)
from kc_exchange.impersonation.events import about, stated
from kc_exchange.impersonation.requesting import deny, operator_of, requested
from kc_exchange.impersonation.terms import terms
from kc_exchange.models import AuditEvent, ImpersonationGrant

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpRequest

    from kc_exchange.exchange import Impersonated
    from kc_exchange.impersonation.audit import Append
    from kc_exchange.models import GrantToken

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
    operator = operator_of(request)
    try:
        refuse_here(request)
        permissions.check(operator=operator, target=target, mode=mode)
        ends = keycloak.ends(request, target)
    except ExchangeError as error:
        deny(request, target, agreed, error)
        raise
    grant = requested(request, target, agreed, ends)
    try:
        issued = keycloak.first_hop(ends, grant)
    except ExchangeError as error:
        _refused(grant, error)
        raise
    row = None
    try:
        row = None if issued is None else tokens.keep(grant, issued)
        _begin(request, grant, issued, agreed.minutes)
    except Exception as error:
        _give_up(grant, issued, row)
        if isinstance(error, Error):
            raise AuditUnavailable from error
        raise
    request.session[session.ITEM] = {"grant": str(grant.pk), "back": back}
    rotate_token(request)
    return grant


def refuse_here(request: HttpRequest) -> None:
    """Raise if no grant can begin in this session, whoever the target is.

    Raises:
        ImpersonationRefused: one is open already.
        BearerWhileImpersonating: the request names another identity, whose token would
            be the one that Keycloak exchanges.
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
    if admission.names_another(request):
        raise BearerWhileImpersonating
    if capture.uses_cookie_sessions():
        raise ExchangeMisconfigured(
            "SESSION_ENGINE keeps sessions in the cookie: a copy of it would outlive "
            "the impersonation.",
            "Use a server-side engine, such as django.contrib.sessions.backends.db.",
        )


def _begin(
    request: HttpRequest,
    grant: ImpersonationGrant,
    issued: Impersonated | None,
    minutes: int,
) -> None:
    """Renew the session's key, then record that the grant has begun."""
    until = ends_at(request.session, getattr(request.user, "last_login", None))
    hold(request.session, until)
    request.session.cycle_key()
    now = timezone.now()
    begun: dict[str, Any] = {
        "started_at": now,
        "last_seen_at": now,
        "expires_at": now + timedelta(minutes=minutes),
        "session_expires_at": None if settings.SESSION_SAVE_EVERY_REQUEST else until,
        "session_digest": session.digest(request.session.session_key),
    }
    if issued is not None:
        begun |= {"keycloak_sid": issued.session_id, "keycloak_jti": issued.token_id}
    for name, value in begun.items():
        setattr(grant, name, value)
    audit.committed(lambda append: _granted(append, grant, begun))


def _granted(append: Append, grant: ImpersonationGrant, begun: dict[str, Any]) -> None:
    if not ImpersonationGrant.objects.still_open(grant.pk).update(**begun):
        raise ImpersonationRefused(
            "Somebody ended this impersonation before it began.",
            "Ask them why; then start another one.",
            reason="ended",
        )
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
        if not ImpersonationGrant.objects.still_open(grant.pk).update(
            ended_at=timezone.now(), end_cause=cause, open_for=None
        ):
            return
        append(
            about(grant, Type.START_DENIED, outcome="failure", code=code, cause=cause)
        )

    audit.committed(work)


def _give_up(
    grant: ImpersonationGrant, issued: Impersonated | None, row: GrantToken | None
) -> None:
    """Leave nothing behind of a start whose last step failed, as far as possible."""
    if row is not None:
        tokens.drop(row, grant)
    elif issued is not None:
        tokens.give_back(grant, issued)
    with suppress(AuditUnavailable, Error):
        end(grant, ImpersonationGrant.Cause.NOT_STARTED)
