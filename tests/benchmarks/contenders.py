"""Who signs a request for a downstream, each in its best honest form.

A contender's `build` returns a function that signs one prepared request on behalf of
the user whose token it was given; the first call exchanges that token.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
from django.http import HttpRequest

from kc_exchange.context import bind
from kc_exchange.downstream import DownstreamSession, downstream_session
from kc_exchange.sources import RequestSubject
from tests.benchmarks import peers
from tests.benchmarks.world import AUDIENCE

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

    from tests.benchmarks.world import World

Sign = Callable[["PreparedRequest"], object]
Build = Callable[["World", str], Sign]

CHECKS = ("origin", "subject", "netrc")
"""Is the prepared URL held against where the token may go; is the cached token found
by the user's own token, not by what the caller says; does no `.netrc` replace it."""


@dataclass(frozen=True)
class Contender:
    """One way to do it, and what it checks, in the order of `CHECKS`."""

    name: str
    build: Build
    checks: tuple[str, str, str]

    @property
    def checks_all(self) -> bool:
        """Whether it checks as much as this package does."""
        return set(self.checks) == {"yes"}


class _Network(requests.Session):
    """Where `DownstreamSession.send` hands over to `requests`: nothing is sent."""

    reply = requests.Response()
    reply.status_code = 200

    def send(self, *_args: Any, **_kwargs: Any) -> Response:
        return self.reply


class _UnsentSession(DownstreamSession, _Network):
    """All that our session does around a request, without what `requests` does.

    A session of `downstream_session` becomes one by its `__class__`, so that it is
    built as it is for a view.
    """


def request_of(subject_token: str) -> HttpRequest:
    """Return a request that carries a user's token."""
    request = HttpRequest()
    request.META["HTTP_AUTHORIZATION"] = f"Bearer {subject_token}"
    return request


def ours(world: World, subject_token: str) -> Sign:
    """Return `DownstreamSession.send`, up to where the network begins."""
    with bind(RequestSubject(request_of(subject_token))):
        session = downstream_session(AUDIENCE)
    session.__class__ = _UnsentSession
    return session.send


def ours_anew(world: World, subject_token: str) -> Sign:
    """Build the session for each request, as a view does."""
    subject = RequestSubject(request_of(subject_token))

    def sign(request: PreparedRequest) -> object:
        with bind(subject), downstream_session(AUDIENCE) as session:
            session.__class__ = _UnsentSession
            return session.send(request)

    return sign


OURS = Contender("kc_exchange", ours, ("yes", "yes", "yes"))
OURS_ANEW = Contender(
    "kc_exchange, a new session each time", ours_anew, ("yes", "yes", "yes")
)
WARM = [
    OURS,
    OURS_ANEW,
    Contender("python-keycloak + dict", peers.keycloak, ("no", "yes", "no")),
    Contender(
        "python-keycloak + dict + checks by hand",
        peers.keycloak_checked,
        ("yes", "yes", "yes"),
    ),
    Contender("Authlib OAuth2Session", peers.authlib, ("no", "caller", "partly")),
    Contender(
        "Authlib OAuth2Session + checks by hand",
        peers.authlib_checked,
        ("yes", "yes", "yes"),
    ),
    Contender("google-auth before_request", peers.google, ("no", "caller", "no")),
    Contender(
        "MSAL silent, account in hand", peers.msal_in_hand, ("no", "caller", "no")
    ),
    Contender("MSAL get_accounts + silent", peers.msal, ("no", "caller", "no")),
]
COLD = [
    OURS,
    Contender("python-keycloak + dict", peers.keycloak, ("no", "yes", "no")),
    Contender(
        "python-keycloak + dict + one lock for all",
        peers.keycloak_locked,
        ("no", "yes", "no"),
    ),
    Contender("Authlib OAuth2Session", peers.authlib, ("no", "caller", "partly")),
    Contender("google-auth before_request", peers.google, ("no", "caller", "no")),
    Contender("MSAL get_accounts + silent", peers.msal, ("no", "caller", "no")),
]
