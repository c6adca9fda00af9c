"""How a downstream's token comes from a subject token, question by question.

A route knows one downstream. What it asks Keycloak is told to the log and the signals;
what it got is kept by `exchanged`, which also knows when to ask again.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from kc_exchange import cache, exchange
from kc_exchange.exceptions import SubjectTokenRejected
from kc_exchange.sources.issuers import own_realm
from kc_exchange.sources.keys import key_of
from kc_exchange.sources.report import reported

if TYPE_CHECKING:
    from kc_exchange.conf import Downstream, Realm
    from kc_exchange.tokens import AccessToken, SubjectToken


class Route(Protocol):
    """One way to a token for `downstream`."""

    downstream: Downstream

    def seconds(self, subject: SubjectToken) -> float:
        """Return how long `load` may take: the deadlines of all its questions."""
        ...

    def realm(self, subject: SubjectToken) -> Realm:
        """Return the realm that issues the token; raise `ExchangeMisconfigured`."""
        ...

    def load(self, subject: SubjectToken, cached: str) -> AccessToken:
        """Obtain the token; `cached` is "miss" or "renewal". Raise `ExchangeError`."""
        ...

    def discard(self, subject: SubjectToken, token: AccessToken) -> None:
        """Never use `token` on the way again."""
        ...


class _Direct:
    """A way of one question, whose answer is the downstream's token."""

    def __init__(self, downstream: Downstream) -> None:
        self.downstream = downstream

    def realm(self, subject: SubjectToken) -> Realm:
        """Return the user's realm, or the client of it that the settings name."""
        return own_realm(self.downstream, subject)

    def seconds(self, subject: SubjectToken) -> float:
        """Return how long `load` may take."""
        return self.realm(subject).deadline

    def discard(self, subject: SubjectToken, token: AccessToken) -> None:
        """Nothing is kept on the way."""


class Exchanged(_Direct):
    """The standard exchange, in the realm that issued the user's token."""

    def seconds(self, subject: SubjectToken) -> float:
        """With an actor, its token is asked for, and both once more if refused."""
        return self.realm(subject).deadline * (4 if self.downstream.actor else 1)

    def load(self, subject: SubjectToken, cached: str) -> AccessToken:
        """Exchange the user's token, naming the actor if there is one.

        Keycloak does not say which of two tokens it refuses: the actor's is renewed
        before the user's is blamed.
        """
        if not self.downstream.actor:
            return self._ask(subject, None, cached)
        realm = self.realm(subject)
        actor = _actor(realm)
        try:
            return self._ask(subject, actor, cached)
        except SubjectTokenRejected:
            cache.brokered.discard(_actor_key(realm), actor)
        return self._ask(subject, _actor(realm), cached)

    def _ask(
        self, subject: SubjectToken, actor: AccessToken | None, cached: str
    ) -> AccessToken:
        realm = self.realm(subject)
        ask = partial(exchange.exchange, subject, self.downstream, realm, actor=actor)
        return reported(self.downstream, realm, ask, cached)


class Linked(_Direct):
    """The token that Keycloak keeps of a provider which the user has linked."""

    def load(self, subject: SubjectToken, cached: str) -> AccessToken:
        """Exchange the user's token for the provider's."""
        realm = self.realm(subject)
        ask = partial(exchange.linked_token, subject, self.downstream, realm)
        return reported(self.downstream, realm, ask, cached)


def _actor(realm: Realm) -> AccessToken:
    """Return the token of the service account that acts, from the cache if it can."""

    def load(cached: str) -> AccessToken:
        del cached
        return exchange.service_account(realm)

    key = _actor_key(realm)
    return cache.brokered.get(key) or cache.brokered.obtain(key, load, realm.deadline)


def _actor_key(realm: Realm) -> cache.Key:
    return key_of(realm, None, "actor")
