"""One request of an operator who has a grant: let in, let through, let out."""

from __future__ import annotations

import copy
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.middleware.csrf import rotate_token
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils import timezone

from kc_exchange import capture
from kc_exchange.context import bind
from kc_exchange.impersonation import (
    audit,
    conditions,
    events,
    marks,
    session,
    session_age,
)
from kc_exchange.impersonation.current import acting_under
from kc_exchange.impersonation.ending import end
from kc_exchange.impersonation.errors import (
    AuditUnavailable,
    BearerWhileImpersonating,
    ForbiddenWhileImpersonating,
    GrantEnded,
    ImpersonationError,
    ReadOnlyGrant,
)
from kc_exchange.impersonation.overlay import Overlay, keep_off_caches
from kc_exchange.impersonation.sources import GrantSubject
from kc_exchange.models import AuditEvent, ImpersonationGrant
from kc_exchange.sources import RequestSubject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from kc_exchange.impersonation.audit import Append

_log = logging.getLogger("kc_exchange")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""RFC 9110 section 9.2.1."""
_REFUSED = 400
"""From this status on a request counts as failed."""

Cause = ImpersonationGrant.Cause
Type = AuditEvent.Type


class Passage:
    """A request whose session names a grant.

    `enter` re-checks the grant, records the request and lays the target over it;
    `leave` takes the target off again and records the outcome.
    """

    def __init__(self, request: HttpRequest, item: dict[str, Any]) -> None:
        self._request: Any = request
        self._item = item
        self._match = _resolved(request)
        self._grant: ImpersonationGrant | None = None
        self._overlay: Overlay | None = None
        self._subject: GrantSubject | None = None
        self._operators_own: HttpRequest = request
        self._started = ""

    def enter(self) -> None:
        """Let the request in as the target, or in the admin as the operator.

        Raises:
            GrantEnded: the grant no longer holds; it has been ended.
            ImpersonationError: this request is refused; the grant goes on.
            AuditUnavailable: the request cannot be recorded.
        """
        grant = self._grant = _found(self._item)
        if grant is None:
            self._clear_session()
            raise GrantEnded(end_cause=Cause.SESSION_CHANGED)
        target = conditions.user_of(grant.target_id)
        self._refuse_if_over(grant, target)
        self._request.grant = grant
        if marks.is_as_operator(self._match):
            return
        self._refuse_if_forbidden(grant)
        self._admit(grant)
        self._put_on(grant, target)

    @contextmanager
    def bound(self) -> Iterator[None]:
        """Bind what code without the request finds: grant, target's token."""
        if self._subject is None or self._grant is None:
            yield
            return
        with acting_under(self._grant), bind(self._subject), _pending():
            yield

    def leave(self, response: HttpResponseBase) -> None:
        """Take the target off the request, and record how it went.

        The response is sent whatever happens here: what cannot be recorded stays a
        request without outcome, which `audit verify` reports.
        """
        try:
            self._leave(response)
        except AuditUnavailable as error:
            _log.error("kc_exchange.outcome_unrecorded %s", error)

    def _leave(self, response: HttpResponseBase) -> None:
        grant = self._grant
        if grant is None:
            return
        if self._overlay is None:
            keep_off_caches(response)
            self._end_if_logged_out(grant)
            return
        left = self._overlay.take_off(response)
        if left:
            self._request.session.flush()
        if self._subject is not None:
            self._subject.settle()
        capture.settle(self._operators_own)
        self._record_outcome(grant, response)
        if left:
            end(grant, Cause.LOGOUT)
        elif self._subject is not None and self._subject.refused:
            end(grant, Cause.KEYCLOAK)

    def _refuse_if_over(self, grant: ImpersonationGrant, target: Any) -> None:
        cause = self._why_over(grant, target)
        if cause:
            self._over(grant, cause)
            raise GrantEnded(
                f"You no longer act as {grant.target_name}: "
                f"{Cause(grant.end_cause or cause).label}.",
                end_cause=grant.end_cause or cause,
            )

    def _why_over(self, grant: ImpersonationGrant, target: Any) -> str:
        """Ask for the user last of all that is free: it may empty the session."""
        digest = session.digest(self._request.session.session_key)
        operator = self._request.user
        if not grant.is_open:
            return grant.end_cause or Cause.NOT_STARTED
        if not operator.is_authenticated:
            return conditions.signed_out(grant)
        if str(operator.pk) != grant.operator_id or digest != grant.session_digest:
            return Cause.SESSION_CHANGED
        now = timezone.now()
        return (
            conditions.over(grant, now)
            or conditions.lost(grant, operator, target)
            or ""
        )

    def _over(self, grant: ImpersonationGrant, cause: str) -> None:
        if grant.ended_at is None:
            end(grant, cause)
        self._clear_session()
        self._request.grant = None

    def _clear_session(self) -> None:
        if session.ITEM in self._request.session:
            leave_session(self._request)

    def _refuse_if_forbidden(self, grant: ImpersonationGrant) -> None:
        error = self._why_forbidden(grant)
        if error is None:
            return
        refused = events.about(
            grant,
            Type.REQUEST_REFUSED,
            outcome="failure",
            code=error.code,
            **events.asked(self._request, marks.route_of(self._match)),
        )
        audit.record(refused)
        raise error

    def _why_forbidden(self, grant: ImpersonationGrant) -> ImpersonationError | None:
        scheme = self._request.headers.get("Authorization", "").partition(" ")[0]
        if scheme.lower() not in {"", "basic"}:
            return BearerWhileImpersonating()
        if marks.is_forbidden(self._match):
            return ForbiddenWhileImpersonating()
        writes = self._request.method not in _SAFE
        if grant.is_read_only and writes and not marks.only_reads_at(self._match):
            return ReadOnlyGrant()
        return None

    def _admit(self, grant: ImpersonationGrant) -> None:
        """Record the request, in one breath with the grant being open."""
        asked = events.asked(self._request, marks.route_of(self._match))

        def work(append: Append) -> AuditEvent:
            now = timezone.now()
            still_open = ImpersonationGrant.objects.filter(
                pk=grant.pk, ended_at=None, expires_at__gt=now
            )
            if not still_open.update(last_seen_at=now):
                raise GrantEnded
            return append(events.about(grant, Type.REQUEST_STARTED, **asked))

        self._started = str(audit.committed(work).event_id)

    def _put_on(self, grant: ImpersonationGrant, target: Any) -> None:
        request = self._request
        request.operator = request.user
        own = self._operators_own = copy.copy(request)
        self._subject = GrantSubject(grant, RequestSubject(own))
        self._overlay = Overlay(request, grant, target)
        self._overlay.put_on()

    def _record_outcome(
        self, grant: ImpersonationGrant, response: HttpResponseBase
    ) -> None:
        status = response.status_code
        asked = events.asked(self._request, marks.route_of(self._match))
        audit.record(
            events.about(
                grant,
                Type.REQUEST_FINISHED,
                outcome="failure" if status >= _REFUSED else "success",
                status=status,
                started=self._started,
                **asked,
            )
        )

    def _end_if_logged_out(self, grant: ImpersonationGrant) -> None:
        if session.ITEM not in self._request.session and grant.is_open:
            end(grant, Cause.LOGOUT)


def leave_session(request: HttpRequest) -> str:
    """Take the grant out of the operator's session; return the path to go back to.

    The session's key and the CSRF token are renewed; the session ends when it would
    have ended.
    """
    item = request.session.pop(session.ITEM, {})
    until = session_age.ends_at(
        request.session, getattr(request.user, "last_login", None)
    )
    session_age.hold(request.session, until)
    request.session.cycle_key()
    rotate_token(request)
    back = item.get("back", "") if isinstance(item, dict) else ""
    return str(back)


def end_current(request: HttpRequest) -> str:
    """End the grant of `request`, at its operator's wish; return the path to go to.

    Call it outside of a transaction, in a view marked `as_operator`.

    Raises:
        AuditUnavailable: it cannot be recorded, so the grant is still open.
    """
    grant = getattr(request, "grant", None)
    if grant is None:
        return ""
    end(grant, Cause.STOPPED)
    request.grant = None  # type: ignore[attr-defined]
    return leave_session(request)


@contextmanager
def _pending() -> Iterator[None]:
    """Write what waits for the end of the view's transaction, or log its loss."""
    try:
        with audit.pending():
            yield
    except AuditUnavailable as error:
        _log.error("kc_exchange.events_unrecorded %s", error)


def _found(item: dict[str, Any]) -> ImpersonationGrant | None:
    try:
        pk = UUID(str(item.get("grant")))
    except ValueError:
        return None
    return ImpersonationGrant.objects.filter(pk=pk).first()


def _resolved(request: HttpRequest) -> ResolverMatch | None:
    try:
        return resolve(request.path_info, getattr(request, "urlconf", None))
    except Resolver404:
        return None
