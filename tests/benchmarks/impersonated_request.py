"""(f) What impersonation costs: those who do not, and those who do."""

from __future__ import annotations

import io
from statistics import median
from typing import TYPE_CHECKING, Any

from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user_model,
)
from django.contrib.auth.models import Permission
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path

from kc_exchange import impersonation
from kc_exchange.middleware import ImpersonationMiddleware
from tests.benchmarks.report import Claim, Result, Row, microseconds
from tests.benchmarks.rounds import difference, interleaved, ratio
from tests.benchmarks.world import AUDIENCE, CLIENT, SCOPE, SECRET

if TYPE_CHECKING:
    from tests.benchmarks.rounds import Run
    from tests.benchmarks.world import World

_TARGET = 10e-6
_ALONE = 5000
_CALLS = 20
_DJANGO = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
)
_OURS = "kc_exchange.middleware.ImpersonationMiddleware"
_RESPONSE = HttpResponse()
_BARE, _NONE = "no middleware", "ImpersonationMiddleware, no session cookie"
_SESSION = "ImpersonationMiddleware, a session without a grant"
_WITHOUT = "a request of a logged-in user, without the middleware"
_NOBODY = "the same, with it, nobody impersonated"
_IMPERSONATED = "the same, impersonated"


def who(request: HttpRequest) -> HttpResponse:
    """Say who asks: the smallest view that needs the user."""
    return HttpResponse(request.user.get_username())


urlpatterns = [path("who/", who)]


def measure(world: World, *, quick: bool) -> Result:
    """Time the middleware alone, then whole requests through Django's handler."""
    rounds = 7 if quick else 40
    call_command("migrate", verbosity=0)
    with override_settings(**_settings(world)):
        alone = interleaved(_alone(), rounds=rounds, calls=_ALONE)
        whole = interleaved(_whole(), rounds=rounds, calls=_CALLS)
    costs = {name: median(difference(alone[name], alone[_BARE])) for name in alone}
    dearest = max(costs[_NONE], costs[_SESSION])
    share = ratio(whole[_IMPERSONATED], whole[_WITHOUT])
    return Result(
        "(f) Impersonation, in requests that have none and in those that do",
        f"{rounds} rounds; the middleware alone, {_ALONE} calls of a view that returns "
        f"one response; whole requests, {_CALLS} each through Django's handler, "
        "sessions and users in SQLite on disk. An impersonated request re-checks the "
        "grant and both people, and commits two events.",
        [Row(name, values) for name, values in {**whole, **alone}.items()],
        [
            Claim(
                "without a grant, under 10 µs and no query",
                microseconds(dearest),
                holds=dearest < _TARGET and not _queries(),
            )
        ],
        note=f"An impersonated request takes {share:.1f} times as long as the same "
        "request without.",
    )


def _alone() -> dict[str, Run]:
    wrapped = ImpersonationMiddleware(lambda _request: _RESPONSE)
    bare = RequestFactory().get("/who/")
    logged_in = _with_session()
    return {
        _BARE: _over(lambda _request: _RESPONSE, bare),
        _NONE: _over(wrapped, bare),
        _SESSION: _over(wrapped, logged_in),
    }


def _queries() -> int:
    """Return what the middleware asks beyond the session's own load."""
    request = _with_session()
    with CaptureQueriesContext(connection) as captured:
        ImpersonationMiddleware(lambda _request: _RESPONSE)(request)
    return len(captured)


def _with_session() -> Any:
    request: Any = RequestFactory().get("/who/")
    request.session = _session(_user("visitor"))
    request.session.get("loaded")
    request.COOKIES["sessionid"] = request.session.session_key
    return request


def _whole() -> dict[str, Run]:
    operator, target = _user("operator"), _user("target")
    operator.user_permissions.add(Permission.objects.get(codename="impersonate"))
    plain = _session(_user("visitor")).session_key
    acting = _started(operator, target)
    with override_settings(MIDDLEWARE=_DJANGO):
        without = WSGIHandler()
    with_it = WSGIHandler()
    assert _body(with_it, acting) == b"target"
    return {
        _WITHOUT: _requests(without, plain),
        _NOBODY: _requests(with_it, plain),
        _IMPERSONATED: _requests(with_it, acting),
    }


def _started(operator: Any, target: Any) -> str:
    request: Any = RequestFactory().post("/start/")
    request.user, request.grant = operator, None
    request.session = _session(operator)
    impersonation.start(request, target, reason="measuring what it costs", minutes=60)
    request.session.save()
    return str(request.session.session_key)


def _user(name: str) -> Any:
    users = get_user_model()._default_manager
    return users.get_or_create(username=name, defaults={"password": "!"})[0]


def _session(user: Any) -> SessionStore:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return session


def _over(view: Any, request: HttpRequest) -> Run:
    def run(calls: int) -> None:
        for _ in range(calls):
            view(request)

    return run


def _requests(handler: WSGIHandler, key: str | None) -> Run:
    def run(calls: int) -> None:
        for _ in range(calls):
            _body(handler, key)

    return run


def _body(handler: WSGIHandler, key: str | None) -> bytes:
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": "/who/", "SERVER_NAME": "localhost",
        "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
        "HTTP_COOKIE": f"sessionid={key}", "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "http",
    }  # fmt: skip
    response = handler(environ, _start_response)
    return b"".join(response)


def _start_response(*_: Any) -> Any:
    """Take the status and the headers, and do nothing with them."""


def _settings(world: World) -> dict[str, Any]:
    realm = {"ISSUER": world.issuer, "CLIENT_ID": CLIENT, "CLIENT_SECRET": SECRET}
    return {
        "ROOT_URLCONF": __name__,
        "MIDDLEWARE": (*_DJANGO, _OURS),
        "SESSION_ENGINE": "django.contrib.sessions.backends.db",
        "KC_EXCHANGE": {
            "REALMS": {"default": realm},
            "DOWNSTREAMS": {AUDIENCE: {"BASE_URL": world.base_url, "SCOPES": [SCOPE]}},
            "IMPERSONATION": {"AT_KEYCLOAK": "never"},
        },
    }
