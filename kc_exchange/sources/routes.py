"""How a downstream's token comes from a subject token, question by question.

A route knows one downstream. What it asks Keycloak is told to the log and the signals;
what it got is kept by `exchanged`, which also knows when to ask again.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from kc_exchange import cache, conf, exchange
from kc_exchange.exceptions import ExchangeUnavailable, SubjectTokenRejected
from kc_exchange.sources.issuers import (
    broker_realm,
    grant_realm,
    issuer_alias,
    own_realm,
    realm_of_subject,
)
from kc_exchange.sources.keys import key_of
from kc_exchange.sources.report import reported
from kc_exchange.tokens import SubjectToken

if TYPE_CHECKING:
    from kc_exchange.conf import Downstream, Realm
    from kc_exchange.tokens import AccessToken


class Route(Protocol):
    """One way to a token for `downstream`."""

    downstream: Downstream
    questions: int
    """How many calls of the token endpoint it takes at the most."""

    def realm(self, subject: SubjectToken) -> Realm:
        """Return the realm that issues the token; raise `ExchangeMisconfigured`."""
        ...

    def load(self, subject: SubjectToken, cached: str) -> AccessToken:
        """Obtain the token; `cached` is "miss" or "renewal". Raise `ExchangeError`."""
        ...


class Exchanged:
    """The standard exchange, in the realm that issued the user's token."""

    def __init__(self, downstream: Downstream) -> None:
        self.downstream = downstream
        self.questions = 2 if downstream.actor else 1

    def realm(self, subject: SubjectToken) -> Realm:
        """Return the user's realm, or the client of it that the settings name."""
        return own_realm(self.downstream, subject)

    def load(self, subject: SubjectToken, cached: str) -> AccessToken:
        """Exchange the user's token, naming the actor if there is one."""
        realm = self.realm(subject)
        actor = _actor(realm) if self.downstream.actor else None
        ask = partial(exchange.exchange, subject, self.downstream, realm, actor=actor)
        return reported(self.downstream, realm, ask, cached)


class Brokered:
    """The external exchange in another realm, then a standard one that narrows.

    The first token serves all downstreams of that realm: each begins a session there.
    """

    questions = 3

    def __init__(self, downstream: Downstream) -> None:
        self.downstream = downstream

    def realm(self, subject: SubjectToken) -> Realm:
        """Return the downstream's realm, if the token may be taken there."""
        return broker_realm(self.downstream, subject)

    def load(self, subject: SubjectToken, cached: str) -> AccessToken:
        """Obtain the first token and narrow it; once more if it was over already."""
        realm = self.realm(subject)
        first = self._first(subject, realm)
        try:
            return narrowed(first, self.downstream, realm, cached)
        except SubjectTokenRejected:
            cache.brokered.discard(self.first_key(subject), first)
        first = self._first(subject, realm)
        try:
            return narrowed(first, self.downstream, realm, cached)
        except SubjectTokenRejected as error:
            raise _lost(error, realm) from None

    def first_key(self, subject: SubjectToken) -> bytes:
        """Return the key of the first token, which other downstreams may share."""
        issuer = issuer_alias(self.downstream, subject)
        return key_of(self.realm(subject), subject, "broker", issuer)

    def _first(self, subject: SubjectToken, realm: Realm) -> AccessToken:
        key = self.first_key(subject)
        load = partial(self._broker, subject, realm)
        return cache.brokered.get(key) or cache.brokered.obtain(
            key, load, realm.deadline
        )

    def _broker(self, subject: SubjectToken, realm: Realm, cached: str) -> AccessToken:
        issuer = issuer_alias(self.downstream, subject)
        if subject.provider:
            exchange.admit(subject, conf.current().provider(issuer))

        def ask() -> AccessToken:
            return exchange.broker(subject, issuer, realm).token

        return reported(_for_itself(self.downstream, realm), realm, ask, cached)


class Granted:
    """The user's token as an assertion in another realm (RFC 7523)."""

    questions = 3

    def __init__(self, downstream: Downstream) -> None:
        self.downstream = downstream

    def realm(self, subject: SubjectToken) -> Realm:
        """Return the downstream's realm, if the token may be taken there."""
        return grant_realm(self.downstream, subject)

    def load(self, subject: SubjectToken, cached: str) -> AccessToken:
        """Exchange for an assertion, present it, and narrow what it brings."""
        realm = self.realm(subject)
        assertion = self._assertion(subject, realm, cached)
        ask = partial(exchange.jwt_grant, assertion, self.downstream, realm)
        granted = reported(self.downstream, realm, ask, cached)
        if exchange.suffices(granted, self.downstream):
            return granted
        try:
            return narrowed(granted, self.downstream, realm, cached)
        except SubjectTokenRejected as error:
            raise _lost(error, realm) from None

    def _assertion(
        self, subject: SubjectToken, realm: Realm, cached: str
    ) -> AccessToken:
        """Never cached: Keycloak takes an assertion once."""
        own = realm_of_subject(subject)
        wanted = replace(
            self.downstream,
            audience=realm.issuer,
            scopes=self.downstream.assertion_scopes,
        )
        ask = partial(exchange.exchange, subject, wanted, own)
        return reported(wanted, own, ask, cached)


class Linked:
    """The token that Keycloak keeps of a provider which the user has linked."""

    questions = 1

    def __init__(self, downstream: Downstream) -> None:
        self.downstream = downstream

    def realm(self, subject: SubjectToken) -> Realm:
        """Return the user's realm."""
        return own_realm(self.downstream, subject)

    def load(self, subject: SubjectToken, cached: str) -> AccessToken:
        """Exchange the user's token for the provider's."""
        realm = self.realm(subject)
        ask = partial(exchange.linked_token, subject, self.downstream, realm)
        return reported(self.downstream, realm, ask, cached)


def narrowed(
    first: AccessToken, downstream: Downstream, realm: Realm, cached: str
) -> AccessToken:
    """Return `first` for `downstream` alone: as it is, if it is no wider.

    Raises:
        ExchangeError: see `exchange.exchange`.
    """
    if exchange.suffices(first, downstream):
        return first
    subject = SubjectToken(
        value=first.value, realm=realm.alias, expires_at=first.expires_at
    )
    ask = partial(exchange.exchange, subject, downstream, realm)
    return reported(downstream, realm, ask, cached)


def _for_itself(downstream: Downstream, realm: Realm) -> Downstream:
    """The first token is for the requester: so the log says."""
    return replace(downstream, audience=realm.client_id)


def _actor(realm: Realm) -> AccessToken:
    """Return the token of the service account that acts, from the cache if it can."""
    key = key_of(realm, None, "actor")

    def load(cached: str) -> AccessToken:
        del cached
        return exchange.service_account(realm)

    return cache.brokered.get(key) or cache.brokered.obtain(key, load, realm.deadline)


def _lost(error: SubjectTokenRejected, realm: Realm) -> ExchangeUnavailable:
    """The user's own token is good: to renew it would change nothing."""
    return ExchangeUnavailable(
        f"Keycloak does not accept the token that it has just issued in realm "
        f"{realm.alias!r}.",
        "Try again. If it stays so, look at not-before policies and at who ends "
        "sessions in that realm.",
        error=error.error,
        description=error.description,
        status=error.status,
        realm=realm.alias,
    )
