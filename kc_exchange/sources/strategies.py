"""The strategies: how a downstream's token comes from the user's."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from asgiref.sync import sync_to_async

from kc_exchange import cache, conf, exchange
from kc_exchange.exceptions import ExchangeMisconfigured, SubjectTokenRejected
from kc_exchange.sources.report import reported
from kc_exchange.tokens import AccessToken

if TYPE_CHECKING:
    from collections.abc import Callable

    from kc_exchange.conf import Downstream, Realm, Strategy
    from kc_exchange.sources.subjects import Subject
    from kc_exchange.tokens import SubjectToken

_FROM_SUBJECT: tuple[Strategy, ...] = ("exchange", "impersonate")
_B64TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""RFC 6750 section 2.1."""


class TokenSource(Protocol):
    """Anything that has a token for one downstream. Safe for concurrent use."""

    def token(self) -> AccessToken:
        """Return a token that is good now; raise `ExchangeError`."""
        ...

    async def atoken(self) -> AccessToken:
        """Do as `token` does, for an event loop."""
        ...

    def discard(self, token: AccessToken) -> None:
        """Never return `token` again: the downstream refused it."""
        ...


def source_for(downstream: Downstream, subject: Subject) -> TokenSource:
    """Return what has tokens for `downstream`, by the subject and the settings."""
    return subject.source(downstream, by_strategy)


def by_strategy(downstream: Downstream, subject: Subject) -> TokenSource:
    """Return what has tokens for `downstream`, by the strategy of its settings."""
    match downstream.strategy:
        case "exchange" | "impersonate":
            return ExchangeSource(downstream, subject)
        case "forward":
            return ForwardSource(subject)
        case "service-account":
            return ServiceAccountSource(downstream)


class ExchangeSource:
    """The user's token, exchanged for one downstream (RFC 8693)."""

    def __init__(self, downstream: Downstream, subject: Subject) -> None:
        self._downstream = downstream
        self._subject = subject
        self._realm = conf.current().realm(downstream.realm)
        self._keyed: tuple[SubjectToken | None, bytes] = (None, b"")

    def token(self) -> AccessToken:
        """Return the exchanged token, refreshing an expired subject token once."""
        subject = self._subject.token()
        if not _is_over(subject):
            known = cache.tokens.get(self._key(subject))
            if known is not None:
                return known
        return self._obtain(subject)

    def _obtain(self, subject: SubjectToken) -> AccessToken:
        if _is_over(subject):
            subject = self._subject.renew(subject)
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
        if _is_over(subject):
            subject = await sync_to_async(self._subject.renew)(subject)
        try:
            return await cache.tokens.aobtain(*self._asking(subject))
        except SubjectTokenRejected:
            subject = await sync_to_async(self._subject.renew)(subject)
            return await cache.tokens.aobtain(*self._asking(subject))

    def discard(self, token: AccessToken) -> None:
        """Drop `token` from the cache, if it is still there."""
        cache.tokens.discard(self._key(self._subject.token()), token)

    def _asking(
        self, subject: SubjectToken
    ) -> tuple[bytes, Callable[[str], AccessToken], float]:
        if subject.realm != self._realm.alias:
            raise _foreign(subject, self._downstream)
        return self._key(subject), partial(self._load, subject), self._realm.deadline

    def _load(self, subject: SubjectToken, cached: str) -> AccessToken:
        ask = partial(exchange.exchange, subject, self._downstream, self._realm)
        told = partial(reported, self._downstream, self._realm, ask)
        place = _key(self._downstream, self._realm, None)
        return cache.refused.guard(self._key(subject), place, told, cached)

    def _key(self, subject: SubjectToken) -> bytes:
        """Hashing the token takes longer than the look-up: once a subject token."""
        known, key = self._keyed
        if known is not subject:
            key = _key(self._downstream, self._realm, subject)
            self._keyed = (subject, key)
        return key


class ForwardSource:
    """The user's own token, for a downstream that takes no other."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._refused = ""

    def token(self) -> AccessToken:
        """Return the subject token, refreshed if it is over or was refused."""
        subject = self._subject.token()
        if _is_over(subject) or subject.value == self._refused:
            subject = self._subject.renew(subject)
        if not _B64TOKEN.fullmatch(subject.value):
            raise SubjectTokenRejected(
                "The user's token holds characters that no header may hold.",
                realm=subject.realm,
            )
        return AccessToken(value=subject.value, expires_at=subject.expires_at)

    async def atoken(self) -> AccessToken:
        """Do as `token` does, for an event loop."""
        return await sync_to_async(self.token)()

    def discard(self, token: AccessToken) -> None:
        """Refresh before the next call."""
        self._refused = token.value


class ServiceAccountSource:
    """The requester's own token; no user is involved."""

    def __init__(self, downstream: Downstream) -> None:
        self._realm = conf.current().realm(downstream.realm)
        self._key = _key(downstream, self._realm, None)
        load = partial(exchange.client_credentials, downstream, self._realm)
        told = partial(reported, downstream, self._realm, load)
        self._load = partial(cache.refused.guard, self._key, self._key, told)

    def token(self) -> AccessToken:
        """Return the service account's token."""
        return cache.tokens.get(self._key) or cache.tokens.obtain(
            self._key, self._load, self._realm.deadline
        )

    async def atoken(self) -> AccessToken:
        """Do as `token` does, for an event loop."""
        deadline = self._realm.deadline
        return await cache.tokens.aobtain(self._key, self._load, deadline)

    def discard(self, token: AccessToken) -> None:
        """Drop `token` from the cache, if it is still there."""
        cache.tokens.discard(self._key, token)


def forget(subject: SubjectToken) -> None:
    """Drop every token of this process that came from `subject`."""
    settings = conf.current()
    realm = settings.realm(subject.realm)
    cache.tokens.drop(
        *(
            _key(replace(downstream, strategy=strategy), realm, subject)
            for downstream in settings.downstreams.values()
            for strategy in _FROM_SUBJECT
        )
    )


def _is_over(subject: SubjectToken) -> bool:
    return 0.0 < subject.expires_at <= time.time()


def _foreign(subject: SubjectToken, downstream: Downstream) -> ExchangeMisconfigured:
    return ExchangeMisconfigured(
        f"The user's token is of realm {subject.realm!r}; for {downstream.name!r} it "
        f"would go to the Keycloak of realm {downstream.realm!r}.",
        "A standard exchange stays in one realm: configure a downstream with the REALM "
        "of the user's login, or another STRATEGY.",
        audience=downstream.audience,
        realm=downstream.realm,
    )


def _key(downstream: Downstream, realm: Realm, subject: SubjectToken | None) -> bytes:
    return cache.cache_key(
        "v1",
        realm.issuer,
        realm.discovery_url,
        realm.client_id,
        realm.client_auth,
        downstream.strategy,
        "" if subject is None else subject.token_type,
        "" if subject is None else subject.realm,
        "" if subject is None else subject.value,
        downstream.audience,
        " ".join(sorted(downstream.scopes)),
    )
