"""Whom a job is for."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async

from kc_exchange import exchange
from kc_exchange.capture.renewal import renew_stored
from kc_exchange.capture.session import subject_token
from kc_exchange.context import bind
from kc_exchange.exceptions import SubjectGone, SubjectTokenRejected
from kc_exchange.jobs import claims as said
from kc_exchange.jobs import offline, reference, standing
from kc_exchange.jobs.logins import Login

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.contrib.sessions.backends.base import SessionBase

    from kc_exchange.conf import Downstream
    from kc_exchange.sources import TokenSource
    from kc_exchange.sources.subjects import Maker
    from kc_exchange.tokens import AccessToken, SubjectToken


@contextmanager
def acting_for(subject_reference: str) -> Iterator[None]:
    """Let `downstream_session`, within the block, call for whom a reference stands.

    The same in async code. Whether the user is still logged in is asked before each
    call, so a job that runs when they log out makes no other call. A token that is over
    is renewed as in a request, and the session gets the new one; a rollback takes it
    away again, so call outside `transaction.atomic()` where the realm revokes refresh
    tokens.

    Args:
        subject_reference: what `SubjectReference.of` returned, as it came.

    Raises:
        InvalidReference: it was changed, or sealed under another SECRET_KEY.
        SubjectGone: it is too old. The calls raise it, too: once the user has logged
            out, was deactivated or got a new password. Never try again.
    """
    with bind(JobSubject(reference.opened(subject_reference))):
        yield


class JobSubject:
    """The user of a job: their login as it is stored, asked before each call."""

    def __init__(self, claims: said.Claims) -> None:
        self._claims = claims
        self._held: SubjectToken | None = None

    @property
    def captured(self) -> SubjectToken | None:
        """The token of the last look; `JobSource` takes a look before each call."""
        return self._held

    def token(self) -> SubjectToken:
        """Return the token of the last look, or take a look."""
        return self._held or self.look()

    def look(self) -> SubjectToken:
        """Return the token of the login, if it still stands.

        Raises:
            SubjectGone: it does not.
        """
        said.refuse_old(self._claims)
        found = self._login()
        if isinstance(found, Login):
            self._held = found.subject
        else:
            self._held = subject_token(standing.tokens_of(found, self._claims))
        return self._held

    def renew(self, rejected: SubjectToken) -> SubjectToken:
        """Return a token refreshed once for the session, here and in requests.

        Raises:
            SubjectGone: the login is over, here or at Keycloak.
            ExchangeUnavailable: Keycloak is away; try again later.
        """
        refresh = partial(exchange.refresh, rejected=rejected)
        try:
            found = self._login()
            if isinstance(found, Login):
                offline.renew(self._claims, rejected)
            else:
                renew_stored(found, rejected, refresh)
        except SubjectTokenRejected as error:
            raise gone(error) from None
        return self.look()

    def source(self, downstream: Downstream, make: Maker) -> TokenSource:
        """Return what the settings say, asked for as long as the login stands."""
        return JobSource(make(downstream, self), self)

    def _login(self) -> SessionBase | Login:
        """Return the session, or after its time the offline login in its place.

        The session may have another key by now, which the offline login knows.
        """
        session = standing.session_of(self._claims.session_key)
        if session is not None:
            return session
        if not self._claims.offline:
            raise SubjectGone(
                "Whoever started this job has logged out, or their session is over or "
                "got another key."
            )
        login = offline.login_of(self._claims)
        session = standing.session_of(login.session_key)
        if session is not None:
            return session
        offline.refuse_early(self._claims, login)
        return login


class JobSource:
    """The tokens of a downstream, for as long as the login stands."""

    def __init__(self, inner: TokenSource, subject: JobSubject) -> None:
        self._inner = inner
        self._subject = subject

    def token(self) -> AccessToken:
        """Return a token that is good now; raise `SubjectGone`."""
        self._subject.look()
        try:
            return self._inner.token()
        except SubjectTokenRejected as error:
            raise gone(error) from None

    async def atoken(self) -> AccessToken:
        """Do as `token` does; sessions are read in Django's thread for the database."""
        await sync_to_async(self._subject.look)()
        try:
            return await self._inner.atoken()
        except SubjectTokenRejected as error:
            raise gone(error) from None

    def discard(self, token: AccessToken) -> None:
        """Never return `token` again."""
        self._inner.discard(token)


_REUSED = "refresh token reuse exceeded"
_OUTSIDE = (
    "Do not try again; let them log in and start it anew. Where jobs call within "
    "transaction.atomic(), let them call outside: this realm takes a refresh token "
    "once, and a rollback brings the used one back."
)


def gone(error: SubjectTokenRejected) -> SubjectGone:
    """Return what a refusal of Keycloak means in a job: nobody is there to log in."""
    return SubjectGone(
        "Keycloak does not accept the login of whoever started this job any more: its "
        "session there is over or revoked, or the user is disabled.",
        _OUTSIDE if _REUSED in error.description else "",
        error=error.error,
        description=error.description,
        status=error.status,
        audience=error.audience,
        realm=error.realm,
        diagnosis=error.diagnosis,
    )
