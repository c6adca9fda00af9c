"""Let a test set up what brokering needs: permissions, accounts, logins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.testing.brokers import notes
from kc_exchange.testing.brokers.kept_tokens import EXPIRES_AT
from kc_exchange.testing.brokers.model import Link
from kc_exchange.testing.controls import Controls
from kc_exchange.testing.grants.password import log_in
from kc_exchange.testing.permissions import (
    EXCHANGE_SCOPE,
    IMPERSONATE,
    IMPERSONATE_PERMISSION,
    USERS,
    client_permission,
    provider_permission,
)
from kc_exchange.testing.tokens import access_claims, sign_access

if TYPE_CHECKING:
    from kc_exchange.testing.brokers.model import IdentityProvider
    from kc_exchange.testing.context import RealmServer

Json = dict[str, Any]


class Brokering(Controls):
    """Let a test set up what brokering needs.

    `reset` takes all of it back, together with the users that exchanges have made.
    """

    def _provider(self, server: RealmServer, alias: str) -> IdentityProvider:
        try:
            return server.realm.providers[alias]
        except KeyError:
            raise LookupError(
                f"The realm '{server.realm.name}' has no identity provider '{alias}'. "
                "Name one of its export."
            ) from None

    def allow_exchange(
        self,
        realm: str,
        client_id: str,
        *,
        subject_issuer: str = "",
        requested_issuer: str = "",
        audience: str = "",
    ) -> None:
        """Give the client the admin permission to exchange.

        It counts on a server with the features "token-exchange" and
        "admin-fine-grained-authz:v1". To an identity provider there is one permission
        for both directions.

        Args:
            realm: the realm that is asked.
            client_id: the requester.
            subject_issuer: alias of the identity provider whose tokens it exchanges.
            requested_issuer: alias of the one whose tokens it gets.
            audience: client that it gets tokens for.

        Raises:
            LookupError: realm, client or identity provider does not exist.
        """
        server = self._find(realm)
        requester = self._client(server, client_id).client_id
        names = [
            provider_permission(self._provider(server, alias))
            for alias in (subject_issuer, requested_issuer)
            if alias
        ]
        if audience:
            names.append(client_permission(self._client(server, audience)))
        for permission, resource in names:
            server.realm.authorization.allow(
                permission, resource, EXCHANGE_SCOPE, requester
            )

    def allow_impersonation(self, realm: str, client_id: str) -> None:
        """Give the client the admin permission to impersonate without a user's token.

        As on Keycloak, every user may then impersonate with a token that was issued to
        this client.

        Raises:
            LookupError: realm or client does not exist.
        """
        server = self._find(realm)
        requester = self._client(server, client_id).client_id
        server.realm.authorization.allow(
            IMPERSONATE_PERMISSION, USERS, IMPERSONATE, requester
        )

    def link_account(
        self,
        realm: str,
        username: str,
        alias: str,
        *,
        user_id: str = "",
        token: str = "",
        refresh_token: str = "",
        expires_at: float | None = None,
    ) -> None:
        """Give the user an account at the identity provider.

        Args:
            realm: the user's realm.
            username: the user's name there.
            alias: the identity provider.
            user_id: id of the account; the username if there is none.
            token: the provider's access token, which a provider with `storeToken`
                keeps for `requested_issuer`.
            refresh_token: what it is renewed with.
            expires_at: when the token ends; None means that it is not known.

        Raises:
            LookupError: realm, user or identity provider does not exist.
        """
        server = self._find(realm)
        user = self._user(server, username)
        self._provider(server, alias)
        kept = _reply(token, refresh_token, expires_at) if token else None
        link = Link(user_id=user_id or username, username=username, reply=kept)
        server.links.join(user, alias, link)

    def broker_token(
        self,
        realm: str,
        username: str,
        alias: str,
        *,
        client_id: str,
        token: str,
        refresh_token: str = "",
        expires_at: float | None = None,
        scope: str | None = "openid",
    ) -> str:
        """Sign the user in through the identity provider, return the access token.

        The session keeps the provider's tokens for `requested_issuer`, and the user's
        account there keeps them too, if the provider has `storeToken`.

        Raises:
            LookupError: realm, user, client or identity provider does not exist.
        """
        server = self._find(realm)
        user = self._user(server, username)
        provider = self._provider(server, alias)
        issue = log_in(server, self._client(server, client_id), user, scope)
        issue.session.notes |= {
            notes.LOGGED_IN_BY: alias,
            notes.ACCESS_TOKEN: token,
            notes.EXPIRATION: str(int(expires_at or 0)),
        }
        if refresh_token:
            issue.session.notes[notes.REFRESH_TOKEN] = refresh_token
        known = user.links.get(alias) or Link(user_id=username, username=username)
        kept = (
            _reply(token, refresh_token, expires_at) if provider.store_token else None
        )
        link = Link(user_id=known.user_id, username=known.username, reply=kept)
        server.links.join(user, alias, link)
        return sign_access(issue, access_claims(issue))


def _reply(token: str, refresh_token: str, expires_at: float | None) -> Json:
    reply: Json = {"access_token": token, "token_type": "Bearer"}
    if refresh_token:
        reply["refresh_token"] = refresh_token
    if expires_at is not None:
        reply[EXPIRES_AT] = int(expires_at)
    return reply
