"""Let a test make tokens and change what the server knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.testing.backchannel import end_session
from kc_exchange.testing.grants.password import log_in
from kc_exchange.testing.observation import Observation
from kc_exchange.testing.tokens import LIFESPAN, access_claims, sign_access

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.testing.clock import Clock
    from kc_exchange.testing.context import RealmServer
    from kc_exchange.testing.features import Features
    from kc_exchange.testing.model import Client, User


class Controls(Observation):
    """Let a test make tokens of its own and change what the server knows."""

    clock: Clock
    _features: Features
    _realms: dict[str, RealmServer]

    def _find(self, realm: str) -> RealmServer:
        try:
            return self._realms[realm]
        except KeyError:
            known = ", ".join(sorted(self._realms)) or "none"
            raise LookupError(
                f"The server has no realm '{realm}'. Name one it has: {known}."
            ) from None

    def _client(self, server: RealmServer, client_id: str) -> Client:
        try:
            return server.realm.clients[client_id]
        except KeyError:
            raise LookupError(
                f"The realm '{server.realm.name}' has no client '{client_id}'. "
                "Name a client of its export."
            ) from None

    def _user(self, server: RealmServer, username: str) -> User:
        user = server.realm.user(username)
        if user is None:
            raise LookupError(
                f"The realm '{server.realm.name}' has no user '{username}'. "
                "Name a user of its export."
            )
        return user

    def token(
        self, realm: str, username: str, *, client_id: str, scope: str | None = None
    ) -> str:
        """Sign the user in and return the access token, without a request.

        Every call begins a session of its own.

        Raises:
            LookupError: realm, client or user does not exist.
        """
        server = self._find(realm)
        client = self._client(server, client_id)
        issue = log_in(server, client, self._user(server, username), scope)
        return sign_access(issue, access_claims(issue))

    def expired_token(
        self, realm: str, username: str, *, client_id: str, scope: str | None = None
    ) -> str:
        """Return an access token that ran out a minute ago.

        Raises:
            LookupError: realm, client or user does not exist.
        """
        server = self._find(realm)
        client = self._client(server, client_id)
        issue = log_in(server, client, self._user(server, username), scope)
        claims = access_claims(issue)
        age = claims["exp"] - claims["iat"] + 60
        return sign_access(
            issue, claims | {"exp": claims["exp"] - age, "iat": claims["iat"] - age}
        )

    def sign(
        self,
        realm: str,
        claims: Mapping[str, Any],
        headers: Mapping[str, Any] | None = None,
    ) -> str:
        """Sign any claims with the realm's active key, unchecked and unchanged.

        Raises:
            LookupError: no such realm is served.
        """
        return self._find(realm).keys.sign(claims, dict(headers or {}))

    def reset(self) -> None:
        """Forget records, counts, faults, sessions and not-before; set the clock right.

        Users that exchanges have made go, and accounts and admin permissions are those
        of the export again, as the features are those of the start. Keys and what else
        a test changed in a realm stay.
        """
        self._ledger.reset()
        self._faults.clear()
        self.clock.reset()
        self._features.reset()
        for server in self._realms.values():
            server.sessions.clear()
            server.links.reset()
            server.realm.authorization.reset()
            server.realm.not_before = 0
            for user in server.realm.users.values():
                user.not_before = 0

    def set_features(self, *names: str) -> None:
        """Run from now on with these features beyond Keycloak's defaults alone.

        "token-exchange" is the legacy exchange, which impersonates, and
        "admin-fine-grained-authz:v1" lets admin permissions decide on it.

        Raises:
            ValueError: the embedded server does not know one of them.
        """
        self._features.set(names)

    def sessions(self, realm: str, username: str) -> tuple[str, ...]:
        """Return the ids (`sid`) of the user's living sessions.

        Raises:
            LookupError: realm or user does not exist.
        """
        server = self._find(realm)
        user = self._user(server, username)
        return tuple(session.id for session in server.sessions.of_user(user.id))

    def logout(self, realm: str, username: str) -> None:
        """End every session of the user, and refuse tokens from before this second.

        Raises:
            LookupError: realm or user does not exist.
        """
        server = self._find(realm)
        user = self._user(server, username)
        for session in server.sessions.of_user(user.id):
            end_session(server, session.id)
        user.not_before = self.clock.seconds()

    def set_user_enabled(
        self,
        username: str,
        enabled: bool,  # noqa: FBT001 - as short as an administrator's click
        *,
        realm: str | None = None,
    ) -> None:
        """Let the user in, or shut them out; realm None is the first one.

        Raises:
            LookupError: realm or user does not exist.
        """
        server = self._find(realm or next(iter(self._realms), ""))
        self._user(server, username).enabled = enabled

    def set_lifespan(
        self, realm: str, seconds: int, *, client_id: str | None = None
    ) -> None:
        """Set how long access tokens live, for the realm or for one client.

        Raises:
            LookupError: realm or client does not exist.
        """
        server = self._find(realm)
        if client_id is None:
            server.realm.access_token_lifespan = seconds
        else:
            client = self._client(server, client_id)
            client.attributes[LIFESPAN] = str(seconds)

    def rotate_keys(self, realm: str) -> str:
        """Sign with a new key from now on, keep the old ones, return the new `kid`.

        Raises:
            LookupError: no such realm is served.
        """
        return self._find(realm).keys.rotate()

    def remove_old_keys(self, realm: str) -> None:
        """Forget the keys before the active one; their tokens are worth nothing.

        Raises:
            LookupError: no such realm is served.
        """
        self._find(realm).keys.remove_old()

    def set_not_before(self, realm: str) -> None:
        """Refuse every token issued before this second (Keycloak's not-before).

        Raises:
            LookupError: no such realm is served.
        """
        self._find(realm).realm.not_before = self.clock.seconds()

    def advance(self, seconds: float) -> None:
        """Move the server's clock by that many seconds."""
        self.clock.advance(seconds)
