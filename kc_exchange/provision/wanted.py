"""What the settings want of each realm: pure, from one value to others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange.provision import brokers, events, externals, requesters
from kc_exchange.provision.audiences import default_scope, downstream, mapper
from kc_exchange.provision.draft import Draft, Wanted
from kc_exchange.provision.impersonators import impersonation
from kc_exchange.provision.rules import Between, Includes
from kc_exchange.requirements import LONGEST, SHORTEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kc_exchange.conf import Downstream, Realm, Settings
    from kc_exchange.provision.documents import Document

EVENTS = ("TOKEN_EXCHANGE", "TOKEN_EXCHANGE_ERROR")


def wanted(
    settings: Settings,
    *,
    impersonates: bool = False,
    endpoints: Mapping[str, Mapping[str, str]] | None = None,
    fragments: Mapping[str, Iterable[Document]] | None = None,
) -> tuple[Wanted, ...]:
    """Return what each realm of the settings must have, in their order.

    Args:
        settings: all of `KC_EXCHANGE`.
        impersonates: whether Keycloak takes part in impersonation here.
        endpoints: those of providers of kind oidc, by alias; see `discovered`.
        fragments: what the realm files say, by the realm's alias.

    Raises:
        ExchangeMisconfigured: a PRIVATE_KEY is no key.
        ProvisionFailed: a CERTIFICATE cannot be read.
    """
    making = _Making(settings, impersonates=impersonates)
    making.realms()
    making.impersonation()
    making.providers(endpoints or {})
    for one in settings.downstreams.values():
        making.downstream(one)
    for alias, documents in (fragments or {}).items():
        for document in documents:
            making.of(settings.realm(alias)).add(document)
    return tuple(draft.done() for draft in making.drafts.values())


class _Making:
    """The drafts of all realms, by their issuers: aliases may share one."""

    def __init__(self, settings: Settings, *, impersonates: bool) -> None:
        self.settings = settings
        self.drafts = {r.issuer: Draft(r) for r in settings.realms.values()}
        self.users = list(settings.user_realms)
        own = settings.realm(settings.impersonation.realm)
        self.acting = [own] if impersonates else []

    def of(self, realm: Realm) -> Draft:
        """Return the draft of a realm."""
        return self.drafts[realm.issuer]

    def realms(self) -> None:
        """Want each realm, with its clients."""
        for realm in self.settings.realms.values():
            self.of(realm).want(
                enabled=True,
                accessTokenLifespan=Between(SHORTEST, LONGEST, LONGEST),
                eventsEnabled=True,
                enabledEventTypes=Includes(EVENTS),
                adminEventsEnabled=True,
            )
            self.of(realm).begin(**events.begun())
            requesters.requester(self.of(realm), realm)

    def impersonation(self) -> None:
        """Want what lets operators act as others."""
        role = self.settings.impersonation.operator_role
        for own in self.acting:
            impersonation(self.of(own), own, self._same_issuer(self.users, own), role)

    def providers(self, endpoints: Mapping[str, Mapping[str, str]]) -> None:
        """Want the providers that are no realms."""
        for alias, provider in self.settings.providers.items():
            realm = self.settings.realm(provider.realm)
            externals.external(self.of(realm), provider, endpoints.get(alias, {}))
            self.of(realm).permit(alias, realm.client_id)

    def downstream(self, one: Downstream) -> None:
        """Want what the strategy of a downstream asks Keycloak for."""
        match one.strategy:
            case "exchange":
                self._exchanged(one)
            case "service-account":
                realm = self.settings.realm(one.realm)
                self._acts_itself(realm)
                downstream(self.of(realm), [realm], one)
            case "cross-realm" | "jwt-grant":
                self._elsewhere(one)
            case "external":
                self._reached(one, self.settings.realm(one.realm))
            case "linked":
                for realm in self._own(one):
                    issuer = one.requested_issuer
                    externals.linked(self.of(realm), issuer, realm.client_id)
            case _:
                pass  # what is forwarded is not asked for

    def _exchanged(self, one: Downstream) -> None:
        asking = self._own(one)
        for realm in asking:
            acting = [] if one.realm else self._same_issuer(self.acting, realm)
            for own in (realm, *acting):
                self._reached(one, own)
                if one.actor:
                    self._acts_itself(own)
            if one.realm:
                self._let_in(realm)

    def _elsewhere(self, one: Downstream) -> None:
        there = self.settings.realm(one.realm)
        for here in self._foreign(one, there):
            alias = one.subject_issuer(here.alias)
            ends = self.of(there), self.of(here)
            if one.strategy == "cross-realm":
                brokers.cross_realm(*ends, alias, there)
                continue
            brokers.jwt_grant(*ends, alias, there)
            for own in (here, *self._same_issuer(self.acting, here)):
                brokers.assertion(self.of(here), self.of(there), one, own)
        self._reached(one, there)

    def _reached(self, one: Downstream, realm: Realm) -> None:
        """Want a requester to get tokens for a downstream by a standard exchange."""
        requesters.exchanges(self.of(realm), realm.client_id)
        downstream(self.of(realm), [realm], one)

    def _acts_itself(self, realm: Realm) -> None:
        self.of(realm).client(realm.client_id, serviceAccountsEnabled=True)

    def _let_in(self, realm: Realm) -> None:
        """Tokens that another client got at a login must name the one that asks."""
        draft = self.of(realm)
        for login in self._same_issuer([*self.users, *self.acting], realm):
            if login.client_id != realm.client_id:
                default_scope(draft, realm.client_id, mapper(realm.client_id))
                scopes = [realm.client_id]
                draft.client(login.client_id, defaultClientScopes=scopes)

    def _own(self, one: Downstream) -> list[Realm]:
        return [self.settings.realm(one.realm)] if one.realm else self.users

    def _foreign(self, one: Downstream, there: Realm) -> list[Realm]:
        """Return the realms whose users are taken to `there`."""
        known = [
            r for r in self.settings.realms.values() if r.alias in one.subject_issuers
        ]
        every = {realm.alias: realm for realm in (*self.users, *known)}
        return [realm for realm in every.values() if realm.issuer != there.issuer]

    def _same_issuer(self, realms: Iterable[Realm], realm: Realm) -> list[Realm]:
        return [one for one in realms if one.issuer == realm.issuer]
