"""(d) What the middleware adds to a request that calls nobody."""

from __future__ import annotations

import asyncio
from statistics import median
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.cache import SessionStore
from django.core.management import call_command
from django.http import HttpResponse
from django.test import RequestFactory

from kc_exchange import capture
from kc_exchange.middleware import UserTokenMiddleware
from kc_exchange.tokens import TokenSet
from tests.benchmarks.report import Claim, Result, Row, microseconds
from tests.benchmarks.rounds import difference, interleaved

if TYPE_CHECKING:
    from django.http import HttpRequest

    from tests.benchmarks.rounds import Run
    from tests.benchmarks.world import World

_TARGET = 10e-6
_CALLS = 5000
_RESPONSE = HttpResponse()
_BARE = "no middleware"
_BARE_ASYNC = "no middleware, async"
_ASYNC = "UserTokenMiddleware, async"


def measure(world: World, *, quick: bool) -> Result:
    """Call the smallest view with the middleware around it, and without."""
    rounds = 7 if quick else 60
    call_command("migrate", verbosity=0)
    plain, empty, logged_in = _plain(world), _with_session(), _logged_in(world)
    runs = {
        _BARE: _over(_view, plain),
        "UserTokenMiddleware, a bearer request": _over(_wrapped(), plain),
        "UserTokenMiddleware, a session without tokens": _over(_wrapped(), empty),
        "UserTokenMiddleware, a login's session": _over(_wrapped(), logged_in),
        _BARE_ASYNC: _over_async(_aview, plain),
        _ASYNC: _over_async(UserTokenMiddleware(_aview), logged_in),
    }
    samples = interleaved(runs, rounds=rounds, calls=_CALLS)
    costs = {
        name: median(
            difference(values, samples[_BARE_ASYNC if name == _ASYNC else _BARE])
        )
        for name, values in samples.items()
        if name not in {_BARE, _BARE_ASYNC}
    }
    dearest = max(costs, key=costs.__getitem__)
    return Result(
        "(d) The middleware around a request that calls nobody",
        f"{rounds} rounds of {_CALLS} calls of a view that returns one response; "
        "the cost is the difference within each round.",
        [
            Row(name, values, (microseconds(costs[name]),) if name in costs else ())
            for name, values in samples.items()
        ],
        [
            Claim(
                "under 10 µs a request",
                f"{microseconds(costs[dearest])} at the most ({dearest})",
                holds=costs[dearest] < _TARGET,
            )
        ],
        ("cost",),
    )


def _view(request: HttpRequest) -> HttpResponse:
    return _RESPONSE


async def _aview(request: HttpRequest) -> HttpResponse:
    return _RESPONSE


def _wrapped() -> UserTokenMiddleware:
    return UserTokenMiddleware(_view)


def _plain(world: World) -> HttpRequest:
    bearer = {"Authorization": f"Bearer {world.token()}"}
    return RequestFactory().get("/orders/", headers=bearer)


def _with_session() -> HttpRequest:
    """A request whose view looked into a session that a login made."""
    request = RequestFactory().get("/orders/")
    request.session = SessionStore()
    request.session[SESSION_KEY] = "1"
    request.session.create()
    return request


def _logged_in(world: World) -> HttpRequest:
    request = _with_session()
    tokens = TokenSet(access_token=world.token(), refresh_token=world.token())
    capture.keep(request, tokens)
    request.session.save()
    request.COOKIES[settings.SESSION_COOKIE_NAME] = str(request.session.session_key)
    request.session.modified = False
    return request


def _over(view, request: HttpRequest) -> Run:
    def run(calls: int) -> None:
        for _ in range(calls):
            view(request)

    return run


def _over_async(view, request: HttpRequest) -> Run:
    async def loop(calls: int) -> None:
        for _ in range(calls):
            await view(request)

    return lambda calls: asyncio.run(loop(calls))
