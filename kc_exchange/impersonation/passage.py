"""One request of an operator who has a grant: let in, let through, let out."""

from __future__ import annotations

import copy
import logging
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from django.http import HttpResponse
from django.utils import timezone

from kc_exchange import capture
from kc_exchange.context import bind, keep_bound
from kc_exchange.impersonation import (
    admission,
    audit,
    conditions,
    events,
    marks,
    session,
)
from kc_exchange.impersonation.current import acting_under
from kc_exchange.impersonation.ending import end
from kc_exchange.impersonation.errors import AuditUnavailable, GrantEnded
from kc_exchange.impersonation.leaving import leave_session
from kc_exchange.impersonation.overlay import Overlay, keep_off_caches
from kc_exchange.impersonation.sources import GrantSubject
from kc_exchange.models import AuditEvent, ImpersonationGrant
from kc_exchange.signals import login_left
from kc_exchange.sources import RequestSubject

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from kc_exchange.impersonation.audit import Append

_log = logging.getLogger("kc_exchange")
_REFUSED = 400
"""From this status on a request counts as failed."""
_CRASHED = 500

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
        self._match = admission.resolved(request)
        self._method = request.method
        self._grant: ImpersonationGrant | None = None
        self._overlay: Overlay | None = None
        self._subject: GrantSubject | None = None
        self._operators_own: HttpRequest = request
        self._asked: dict[str, Any] = {}
        self._started = ""

    def enter(self) -> None:
        """Let the request in as the target, or in the admin as the operator.

        Raises:
            GrantEnded: the grant no longer holds; it has been ended.
            ImpersonationError: this request is refused; the grant goes on.
            AuditUnavailable: the request cannot be recorded.
        """
        grant = self._grant = admission.found(self._item)
        if grant is None:
            self._clear_session()
            raise GrantEnded(end_cause=Cause.SESSION_CHANGED)
        target = conditions.user_of(grant.target_id)
        cause = admission.why_over(self._request, grant, target)
        if cause:
            self._over(grant, cause)
        self._request.grant = grant
        if marks.is_as_operator(self._match):
            return
        self._refuse_if_forbidden(grant)
        self._admit(grant)
        self._put_on(grant, target)

    @contextmanager
    def bound(self) -> Iterator[None]:
        """Bind what code without the request finds: grant, target's token."""
        with self._acting(), _logged("events_unrecorded"), audit.pending():
            yield

    @asynccontextmanager
    async def abound(self) -> AsyncIterator[None]:
        """Do as `bound` does, for an event loop: what waited is written elsewhere."""
        with self._acting(), _logged("events_unrecorded"):
            async with audit.pending():
                yield

    @contextmanager
    def _acting(self) -> Iterator[None]:
        """Bind grant and token alone: as much as a part of a stream needs."""
        if self._subject is None or self._grant is None:
            yield
            return
        with acting_under(self._grant), bind(self._subject):
            yield

    def confirm(self) -> None:
        """Return if the view that runs now is the one that was let in, for the target.

        Raises:
            ExchangeMisconfigured: a middleware in between has changed that.
        """
        request, match = self._request, self._request.resolver_match
        same = self._match is not None and match.func is self._match.func
        if self._overlay is not None:
            same = same and self._overlay.is_on()
        if not same or request.method != self._method:
            raise admission.changed_on_its_way()

    def leave(self, response: HttpResponseBase) -> None:
        """Take the target off the request, and record how it went.

        The response is sent whatever happens here: what cannot be recorded stays a
        request without outcome, which `audit verify` reports.
        """
        with _logged("outcome_unrecorded"):
            self._leave(response)

    def abandon(self) -> None:
        """Do as `leave` does, where it is not known what the view has done."""
        with _logged("outcome_unrecorded"):
            self._leave(HttpResponse(status=_CRASHED), code="cancelled")

    def _leave(self, response: HttpResponseBase, code: str = "") -> None:
        grant = self._grant
        if grant is None:
            return
        if self._overlay is None:
            keep_off_caches(response)
            if session.ITEM not in self._request.session and grant.is_open:
                end(grant, Cause.LOGOUT)
            return
        try:
            self._take_off(self._overlay, response)
        except Exception:
            self._finish(grant, self._overlay, _CRASHED)
            raise
        self._finish(grant, self._overlay, response.status_code, code)

    def _take_off(self, overlay: Overlay, response: HttpResponseBase) -> None:
        try:
            keep_bound(response, self._acting)
            overlay.take_off(response)
        finally:
            if overlay.session.is_left:
                login_left.send_robust(sender=None, request=self._operators_own)
                self._request.session.flush()
        if self._subject is not None:
            self._subject.settle()
        capture.settle(self._operators_own)

    def _finish(
        self, grant: ImpersonationGrant, overlay: Overlay, status: int, code: str = ""
    ) -> None:
        try:
            self._record_outcome(grant, status, code)
        finally:
            if overlay.session.is_left:
                end(grant, Cause.LOGOUT)
            elif self._subject is not None and self._subject.refused:
                end(grant, Cause.KEYCLOAK)

    def _over(self, grant: ImpersonationGrant, cause: str) -> NoReturn:
        if grant.ended_at is None:
            end(grant, cause)
        back = self._clear_session()
        self._request.grant = None
        raise GrantEnded(
            f"You no longer act as {grant.target_name}: "
            f"{Cause(grant.end_cause or cause).label}.",
            end_cause=grant.end_cause or cause,
            back=back,
        )

    def _clear_session(self) -> str:
        if session.ITEM in self._request.session:
            return leave_session(self._request)
        return ""

    def _refuse_if_forbidden(self, grant: ImpersonationGrant) -> None:
        error = admission.why_forbidden(self._request, self._match, grant)
        if error is not None:
            marks.record_refusal(self._request, self._match, grant, error)
            raise error

    def _admit(self, grant: ImpersonationGrant) -> None:
        """Record the request, in one breath with the grant being open."""
        self._asked = events.asked(self._request, marks.route_of(self._match))

        def work(append: Append) -> AuditEvent | None:
            in_force = ImpersonationGrant.objects.in_force(grant.pk)
            if not in_force.update(last_seen_at=timezone.now()):
                return None
            return append(events.about(grant, Type.REQUEST_STARTED, **self._asked))

        started = audit.committed(work)
        if started is None:
            grant.refresh_from_db()
            self._over(grant, grant.end_cause or Cause.EXPIRED)
        self._started = str(started.event_id)

    def _put_on(self, grant: ImpersonationGrant, target: Any) -> None:
        request = self._request
        request.operator = request.user
        own = self._operators_own = copy.copy(request)
        self._subject = GrantSubject(grant, RequestSubject(own))
        self._overlay = Overlay(request, grant, target)
        self._overlay.put_on()

    def _record_outcome(
        self, grant: ImpersonationGrant, status: int, code: str
    ) -> None:
        known = "failure" if status >= _REFUSED else "success"
        finished = events.about(
            grant,
            Type.REQUEST_FINISHED,
            outcome="unknown" if code else known,
            code=code,
            status=None if code else status,
            started=self._started,
            **self._asked,
        )
        audit.record(finished)


@contextmanager
def _logged(what: str) -> Iterator[None]:
    try:
        yield
    except AuditUnavailable as error:
        _log.error("kc_exchange.%s %s", what, error)
