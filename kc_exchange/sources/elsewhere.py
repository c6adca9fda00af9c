"""Ways to a token of another realm than the user's: two questions and more."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from kc_exchange import cache, conf, exchange
from kc_exchange.exceptions import ExchangeUnavailable, SubjectTokenRejected
from kc_exchange.sources.issuers import (
    broker_realm,
    grant_realm,
    issuer_alias,
    realm_of_subject,
)
from kc_exchange.sources.keys import key_of
from kc_exchange.sources.report import reported
from kc_exchange.tokens import SubjectToken

if TYPE_CHECKING:
    from kc_exchange.conf import Downstream, Realm
    from kc_exchange.tokens import AccessToken


class Brokered:
    """The external exchange in another realm, then a standard one that narrows.

    The first token serves all downstreams of that realm: each begins a session there.
    """

    def __init__(self, downstream: Downstream) -> None:
        self.downstream = downstream

    def realm(self, subject: SubjectToken) -> Realm:
        """Return the downstream's realm, if the token may be taken there."""
        return broker_realm(self.downstream, subject)

    def seconds(self, subject: SubjectToken) -> float:
        """Return how long `load` may take: both questions, and both once more."""
        return self.realm(subject).deadline * 4

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

    def discard(self, subject: SubjectToken, token: AccessToken) -> None:
        """Drop the first token, if it went to the downstream as it was."""
        cache.brokered.discard(self.first_key(subject), token)

    def first_key(self, subject: SubjectToken) -> cache.Key:
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

    def __init__(self, downstream: Downstream) -> None:
        self.downstream = downstream

    def realm(self, subject: SubjectToken) -> Realm:
        """Return the downstream's realm, if the token may be taken there."""
        return grant_realm(self.downstream, subject)

    def seconds(self, subject: SubjectToken) -> float:
        """Return how long `load` may take: one question at home, two there."""
        own = realm_of_subject(subject)
        return own.deadline + self.realm(subject).deadline * 2

    def discard(self, subject: SubjectToken, token: AccessToken) -> None:
        """Nothing is kept on the way: each assertion is made anew."""

    def load(self, subject: SubjectToken, cached: str) -> AccessToken:
        """Exchange for an assertion, present it, and narrow what it brings."""
        realm = self.realm(subject)
        assertion = self._assertion(subject, realm, cached)
        ask = partial(exchange.jwt_grant, assertion, self.downstream, realm)
        granted = reported(self.downstream, realm, ask, cached)
        try:
            return narrowed(granted, self.downstream, realm, cached)
        except SubjectTokenRejected as error:
            raise _lost(error, realm) from None

    def _assertion(
        self, subject: SubjectToken, realm: Realm, cached: str
    ) -> AccessToken:
        """Never cached: Keycloak takes an assertion once."""
        own = realm_of_subject(subject)
        wanted = exchange.assertion_wanted(self.downstream, realm)
        ask = partial(exchange.exchange, subject, wanted, own)
        return reported(wanted, own, ask, cached)


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
