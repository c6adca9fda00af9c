"""Who is called for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from kc_exchange import capture, exchange
from kc_exchange.exceptions import NoSubjectToken, SubjectTokenExpired

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    from kc_exchange.conf import Downstream
    from kc_exchange.sources.strategies import TokenSource
    from kc_exchange.tokens import SubjectToken

    Maker = Callable[[Downstream, "Subject"], TokenSource]


class Subject(Protocol):
    """Whoever is called for: the user of the request."""

    @property
    def captured(self) -> SubjectToken | None:
        """The token, if it has been captured already; asking costs nothing."""
        ...

    def token(self) -> SubjectToken:
        """Return the subject token; raise `NoSubjectToken` where there is none."""
        ...

    def renew(self, rejected: SubjectToken) -> SubjectToken:
        """Return a newer token; raise `SubjectTokenExpired` where there is none."""
        ...

    def source(self, downstream: Downstream, make: Maker) -> TokenSource:
        """Return what has tokens for `downstream`; `make` is how the settings say."""
        ...


class RequestSubject:
    """The user of a request, captured when somebody first asks.

    And again after a login or a logout within the request: both change the session key.
    """

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._held: tuple[SubjectToken | None, str | None] = (None, None)

    @property
    def captured(self) -> SubjectToken | None:
        """The token, if somebody has asked for it before."""
        token, session_key = self._held
        return token if session_key == self._session_key() else None

    def token(self) -> SubjectToken:
        """Return the captured token."""
        return self.captured or self._hold(capture.capture(self._request))

    def renew(self, rejected: SubjectToken) -> SubjectToken:
        """Return a token refreshed once for all requests of the session."""
        newer = capture.renew(
            self._request, rejected, partial(exchange.refresh, rejected=rejected)
        )
        return self._hold(newer)

    def source(self, downstream: Downstream, make: Maker) -> TokenSource:
        """Return what the settings say."""
        return make(downstream, self)

    def _hold(self, token: SubjectToken | None) -> SubjectToken:
        self._held = (token, self._session_key())
        if token is None:
            raise NoSubjectToken
        return token

    def _session_key(self) -> str | None:
        session = getattr(self._request, "session", None)
        return None if session is None else session.session_key


class FixedSubject:
    """A token that was handed in, by a script or a test."""

    def __init__(self, token: SubjectToken | None) -> None:
        self._token = token

    @property
    def captured(self) -> SubjectToken | None:
        """The token that was handed in."""
        return self._token

    def token(self) -> SubjectToken:
        """Return the token that was handed in."""
        if self._token is None:
            raise NoSubjectToken
        return self._token

    def renew(self, rejected: SubjectToken) -> SubjectToken:
        """Raise: nobody is there to refresh it."""
        raise SubjectTokenExpired(realm=rejected.realm)

    def source(self, downstream: Downstream, make: Maker) -> TokenSource:
        """Return what the settings say."""
        return make(downstream, self)
