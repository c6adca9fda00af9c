"""What the project's pages do."""

from __future__ import annotations

import json
import sys
from typing import Any

from celery.result import AsyncResult
from django.contrib.auth import get_user_model, login, logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from django.views.debug import SafeExceptionReporterFilter, technical_500_response

from kc_exchange import (
    SubjectReference,
    capture,
    downstream_client,
    downstream_session,
    impersonation,
)
from kc_exchange.impersonation import as_operator
from kc_exchange.models import remember_identity
from kc_exchange.tokens import TokenSet, unverified_claims
from tests.cluster.project.tasks import app, fail, fetch


def _answer(reply: Any = None, **said: Any) -> JsonResponse:
    if reply is not None:
        said |= {"status": reply.status_code}
        said |= {"seen": reply.json() if reply.status_code == 200 else {}}
    status = 502 if said.get("status", 200) != 200 else 200
    return JsonResponse(said, status=status)


def who(request: Any) -> JsonResponse:
    """Say for whom this runs."""
    return _answer(user=request.user.get_username())


def log_in(request: HttpRequest) -> JsonResponse:
    """Do what a login through Keycloak does, with the tokens that came of it."""
    tokens = TokenSet(**json.loads(request.body))
    claims = unverified_claims(tokens.access_token)
    name = claims["preferred_username"]
    user, _ = get_user_model().objects.get_or_create(username=name)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    remember_identity(user, issuer=claims["iss"], subject=claims["sub"])
    capture.keep(request, tokens)
    return _answer(user=name)


def log_out(request: HttpRequest) -> JsonResponse:
    """Log out here, and not at Keycloak."""
    logout(request)
    return _answer()


def _path(request: HttpRequest, subject: str) -> str:
    """Return what to ask the service for; it is told which request that is for."""
    return f"orders/{subject}?request={request.headers.get('X-Request-ID', '')}"


def call(request: HttpRequest, subject: str) -> JsonResponse:
    """Call the service, for whom the browser says."""
    with downstream_session("orders-api") as session:
        return _answer(session.get(_path(request, subject)))


async def acall(request: HttpRequest, subject: str) -> JsonResponse:
    """Do the same in a coroutine."""
    async with downstream_client("orders-api") as client:
        return _answer(await client.get(_path(request, subject)))


def job(request: HttpRequest, kind: str, subject: str) -> JsonResponse:
    """Let a worker do the same, or fail at it."""
    task = {"fetch": fetch, "fail": fail}[kind]
    reference = SubjectReference.of(request, max_age=600)
    return _answer(task=task.delay(reference, subject).id, reference=reference)


def again(request: HttpRequest, subject: str) -> JsonResponse:
    """Start the job of a reference that the browser kept."""
    return _answer(task=fetch.delay(request.GET["reference"], subject).id)


def outcome(_request: HttpRequest, task: str) -> JsonResponse:
    """Say what came of a job."""
    result = AsyncResult(task, app=app)
    state, value = result.state, result.result
    failed = isinstance(value, BaseException)
    return _answer(
        state=state,
        error=type(value).__name__ if failed else "",
        result=None if failed else value,
    )


@as_operator
def start(request: HttpRequest, name: str) -> JsonResponse:
    """Begin to act as somebody."""
    target = get_user_model().objects.get(username=name)
    reason = "Ticket 4711: cannot see the invoice"
    grant = impersonation.start(request, target, reason=reason, minutes=1)
    return _answer(grant=str(grant.pk))


@as_operator
def stop(request: HttpRequest) -> JsonResponse:
    """End it."""
    impersonation.end_current(request)
    return _answer()


def crash(request: HttpRequest, subject: str) -> HttpResponse:
    """Fail with all that a call leaves in the frames; an e-mail tells of it."""
    kept = capture.kept(request)
    token = kept.access_token if kept else None
    with downstream_session("orders-api") as session:
        reply = session.get(f"orders/{subject}")
        raise ZeroDivisionError(bool(token), bool(reply))


class _Unfiltered(SafeExceptionReporterFilter):
    """Hide nothing, as Django does under DEBUG."""

    def is_active(self, request: HttpRequest | None) -> bool:
        """Say that it hides nothing."""
        return request is None


def debug_page(request: HttpRequest, subject: str) -> HttpResponse:
    """Show the page that DEBUG shows."""
    request.exception_reporter_filter = _Unfiltered()
    try:
        return crash(request, subject)
    except ZeroDivisionError:
        return technical_500_response(request, *sys.exc_info())


urlpatterns = [
    path("who/", who),
    path("login/", log_in),
    path("logout/", log_out),
    path("call/<str:subject>/", call),
    path("acall/<str:subject>/", acall),
    path("job/<str:kind>/<str:subject>/", job),
    path("again/<str:subject>/", again),
    path("outcome/<str:task>/", outcome),
    path("start/<str:name>/", start),
    path("stop/", stop),
    path("crash/<str:subject>/", crash),
    path("debug-page/<str:subject>/", debug_page),
    path("kc/", include("kc_exchange.urls")),
]
