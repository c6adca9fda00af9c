"""The source of a downstream's tokens that come from the user's own."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async

from kc_exchange import cache
from kc_exchange.exceptions import (
    ExchangeMisconfigured,
    ExchangeUnavailable,
    SubjectTokenRejected,
)
from kc_exchange.sources.keys import downstream_key, place_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from kc_exchange.cache import Key
    from kc_exchange.exceptions import ExchangeError
    from kc_exchange.sources.routes import Route
    from kc_exchange.sources.subjects import Subject
    from kc_exchange.tokens import AccessToken, SubjectToken

    _Asking = tuple[Key, Callable[[str], AccessToken], float]

_NOT_ITSELF = (ExchangeUnavailable, ExchangeMisconfigured)
"""What says nothing of the user: Keycloak is away, something else answers for it, or
it does not take our credential."""


class ExchangedSource:
    """Tokens for one downstream by one route, cached, and asked for once at a time."""

    def __init__(self, route: Route, subject: Subject) -> None:
        self._route = route
        self._subject = subject
        self._keyed: tuple[SubjectToken, Key] | None = None

    def token(self) -> AccessToken:
        """Return the exchanged token, refreshing an expired subject token once.

        While Keycloak is away, or not itself, an exchanged token outlives the one it
        was made from.
        """
        subject = self._subject.token()
        if not is_over(subject):
            known = cache.tokens.get(self._key(subject))
            if known is not None:
                return known
        return self._obtain(subject)

    def _obtain(self, subject: SubjectToken) -> AccessToken:
        if is_over(subject):
            try:
                subject = self._subject.renew(subject)
            except _NOT_ITSELF as error:
                return cache.tokens.obtain(*self._left(subject, error))
        try:
            return cache.tokens.obtain(*self._asking(subject))
        except SubjectTokenRejected:
            subject = self._subject.renew(subject)
            return cache.tokens.obtain(*self._asking(subject))

    async def atoken(self) -> AccessToken:
        """Do as `token` does; sessions are read in Django's thread for the database."""
        subject = self._subject.captured
        if subject is None:
            subject = await sync_to_async(self._subject.token)()
        if is_over(subject):
            try:
                subject = await sync_to_async(self._subject.renew)(subject)
            except _NOT_ITSELF as error:
                left = self._left(subject, error)
                return await cache.tokens.aobtain(*left)
        try:
            return await cache.tokens.aobtain(*self._asking(subject))
        except SubjectTokenRejected:
            subject = await sync_to_async(self._subject.renew)(subject)
            return await cache.tokens.aobtain(*self._asking(subject))

    def _left(self, subject: SubjectToken, error: ExchangeError) -> _Asking:
        """Return how to obtain what was exchanged before its subject token ran out.

        It raises `error` where nothing is left, here or in the shared cache.
        """

        def refuse(_cached: str) -> AccessToken:
            raise error

        if isinstance(error, ExchangeMisconfigured):
            cache.refused.alarm(self._place(subject), error)
        return self._key(subject), refuse, 0.0

    def discard(self, token: AccessToken) -> None:
        """Drop `token` from the cache, if it is still there."""
        subject = self._subject.token()
        cache.tokens.discard(self._key(subject), token)
        self._route.discard(subject, token)

    def _asking(self, subject: SubjectToken) -> _Asking:
        key, load = self._key(subject), partial(self._load, subject)
        return key, load, self._route.seconds(subject)

    def _load(self, subject: SubjectToken, cached: str) -> AccessToken:
        load = partial(self._route.load, subject)
        key, place = self._key(subject), self._place(subject)
        return cache.refused.guard(key.digest, place, load, cached)

    def _place(self, subject: SubjectToken) -> bytes:
        realm = self._route.realm(subject)
        return place_key(self._route.downstream, realm, subject).digest

    def _key(self, subject: SubjectToken) -> Key:
        """Hashing the token takes longer than the look-up: once a subject token."""
        keyed = self._keyed
        if keyed is None or keyed[0] is not subject:
            realm = self._route.realm(subject)
            key = downstream_key(self._route.downstream, realm, subject)
            keyed = self._keyed = (subject, key)
        return keyed[1]


def is_over(subject: SubjectToken) -> bool:
    """Tell whether a subject token has expired, as far as is known."""
    return 0.0 < subject.expires_at <= time.time()
