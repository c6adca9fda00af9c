"""The strategies: how a downstream's token comes from the user's."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Protocol

from asgiref.sync import sync_to_async

from kc_exchange import cache, conf, exchange
from kc_exchange.exceptions import SubjectTokenRejected
from kc_exchange.sources.elsewhere import Brokered, Granted
from kc_exchange.sources.exchanged import ExchangedSource, is_over
from kc_exchange.sources.issuers import own_realm
from kc_exchange.sources.keys import downstream_key, issuer_of
from kc_exchange.sources.report import reported
from kc_exchange.sources.routes import Exchanged, Linked
from kc_exchange.tokens import AccessToken

if TYPE_CHECKING:
    from collections.abc import Callable

    from kc_exchange.conf import Downstream, Strategy
    from kc_exchange.sources.routes import Route
    from kc_exchange.sources.subjects import Subject
    from kc_exchange.tokens import SubjectToken

ROUTES: dict[Strategy, Callable[[Downstream], Route]] = {
    "exchange": Exchanged,
    "impersonate": Exchanged,
    "cross-realm": Brokered,
    "external": Brokered,
    "jwt-grant": Granted,
    "linked": Linked,
}
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
        case "forward":
            return ForwardSource(downstream, subject)
        case "service-account":
            return ServiceAccountSource(downstream)
        case strategy:
            return ExchangedSource(ROUTES[strategy](downstream), subject)


class ForwardSource:
    """The user's own token, for a downstream that takes no other."""

    def __init__(self, downstream: Downstream, subject: Subject) -> None:
        self._downstream = downstream
        self._subject = subject
        self._refused = ""

    def token(self) -> AccessToken:
        """Return the subject token, refreshed if it is over or was refused."""
        subject = self._subject.token()
        own_realm(self._downstream, subject)
        if is_over(subject) or subject.value == self._refused:
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
        self._key = downstream_key(downstream, self._realm, None)
        load = partial(exchange.client_credentials, downstream, self._realm)
        told = partial(reported, downstream, self._realm, load)
        own = self._key.digest
        self._load = partial(cache.refused.guard, own, own, told)

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
    """Let nobody have what was obtained for the session that `subject` is of.

    In this process at once, see `cache.forget_session`.
    """
    cache.forget_session_of(issuer_of(subject), subject)
