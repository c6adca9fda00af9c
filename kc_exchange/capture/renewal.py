"""Renew a session's tokens once for all of its concurrent requests."""

from __future__ import annotations

import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import replace
from typing import TYPE_CHECKING

from django.views.decorators.debug import sensitive_variables

from kc_exchange import forks
from kc_exchange.capture import newest
from kc_exchange.capture.realms import realm_of_token
from kc_exchange.capture.session import (
    ITEM,
    newest_of,
    sealed_anew,
    state,
    subject_token,
)
from kc_exchange.capture.settling import put, settle, write
from kc_exchange.exceptions import (
    ExchangeError,
    ExchangeUnavailable,
    SubjectTokenExpired,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest

    from kc_exchange.capture.seal import Kept
    from kc_exchange.conf import Realm
    from kc_exchange.tokens import SubjectToken, TokenSet

    Refresh = Callable[[Realm, str], TokenSet]

_ELSEWHERE = 0.2
"""Seconds given to another process to store what it got for the same refresh token."""
_GRACE = 5.0

_flights: dict[str, Future[Kept]] = {}
forks.in_child(_flights.clear)


@sensitive_variables()
def renew(
    request: HttpRequest, rejected: SubjectToken, refresh: Refresh
) -> SubjectToken:
    """Return a newer token for the session than the one that is over.

    Concurrent requests of a session share one call of `refresh(realm, refresh_token)`
    and its failure. The new tokens are stored at once; a session that was deleted
    meanwhile stays deleted.

    Raises:
        SubjectTokenExpired: `rejected` came from a bearer header, or nothing is there
            to refresh it with, or `refresh` says that it is over, too.
        ExchangeUnavailable: Keycloak is away; the tokens are as they were.
        ExchangeMisconfigured: their realm is no longer in the settings.
    """
    if rejected.value not in state(request).given:
        raise SubjectTokenExpired(
            "The bearer token has expired; only who sent it can renew it.",
            "Send a new access token.",
            realm=rejected.realm,
        )
    settle(request)
    found, led = renew_stored(request.session, rejected, refresh)
    state(request).renewed |= led
    put(request.session, found.sealed)
    state(request).given.add(found.tokens.access_token)
    return subject_token(found.tokens)


@sensitive_variables()
def renew_stored(
    session: SessionBase, rejected: SubjectToken, refresh: Refresh
) -> tuple[Kept, bool]:
    """Do as `renew` does for a session as it is stored, without a request.

    Return what is newest, and whether this call led: `session` itself stays as it was.

    Raises:
        SubjectTokenExpired: nothing is there to refresh it with, or it is over, too.
        ExchangeUnavailable: Keycloak is away; the tokens are as they were.
        ExchangeMisconfigured: their realm is no longer in the settings.
    """
    while True:
        flight, leads = _board(str(session.session_key))
        if leads:
            return _lead(flight, session, rejected, refresh), True
        found = _follow(flight, rejected)
        if found.tokens.access_token != rejected.value:
            return found, False


@sensitive_variables()
def _board(session_key: str) -> tuple[Future[Kept], bool]:
    """Return the renewal under way for this session, or a new one to lead."""
    mine: Future[Kept] = Future()
    flight = _flights.setdefault(session_key, mine)
    return flight, flight is mine


@sensitive_variables()
def _lead(
    flight: Future[Kept], session: SessionBase, rejected: SubjectToken, refresh: Refresh
) -> Kept:
    key = str(session.session_key)
    failure: ExchangeError = ExchangeUnavailable(
        "Another request was renewing this session's token and failed.",
        realm=rejected.realm,
    )
    try:
        found = _renewed(type(session), key, rejected, refresh)
    except ExchangeError as error:
        failure = error.fresh()
        raise
    else:
        flight.set_result(found)
        return found
    finally:
        del _flights[key]
        if not flight.done():
            flight.set_exception(failure)


def _follow(flight: Future[Kept], rejected: SubjectToken) -> Kept:
    deadline = realm_of_token(rejected.realm).deadline
    try:
        return flight.result(deadline + _GRACE)
    except FutureTimeout:
        raise ExchangeUnavailable(
            "Another request is still renewing this session's token.",
            realm=rejected.realm,
        ) from None
    except ExchangeError as error:
        raise error.fresh() from None


@sensitive_variables()
def _renewed(
    store: type[SessionBase], key: str, rejected: SubjectToken, refresh: Refresh
) -> Kept:
    current = _stored(store, key)
    if current is None:
        raise SubjectTokenExpired(realm=rejected.realm)
    if _is_renewed(current, rejected):
        return current
    try:
        tokens = _refreshed(current.tokens, refresh)
    except SubjectTokenExpired:
        time.sleep(_ELSEWHERE)
        other = _stored(store, key)
        if other is None or not _is_renewed(other, rejected):
            raise
        return other
    made = sealed_anew(key, tokens, current.generation)
    if not write(store, key, made.sealed):
        newest.drop(key)
        raise SubjectTokenExpired(
            "The session was deleted while its token was renewed.",
            realm=rejected.realm,
        )
    return made


@sensitive_variables()
def _stored(store: type[SessionBase], key: str) -> Kept | None:
    session = store(key)
    sealed = session.get(ITEM)
    return newest_of(sealed, key) if session.session_key == key else None


def _is_renewed(current: Kept, rejected: SubjectToken) -> bool:
    tokens = current.tokens
    is_over = 0.0 < tokens.expires_at <= time.time()
    return tokens.access_token != rejected.value and not is_over


def _refreshed(tokens: TokenSet, refresh: Refresh) -> TokenSet:
    if not tokens.refresh_token:
        raise SubjectTokenExpired(realm=tokens.realm)
    new = refresh(realm_of_token(tokens.realm), tokens.refresh_token)
    return replace(
        new,
        realm=tokens.realm,
        refresh_token=new.refresh_token or tokens.refresh_token,
        id_token=new.id_token or tokens.id_token,
    )
