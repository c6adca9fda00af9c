"""Give out the tokens of a provider that a session or an account keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.testing.brokers import notes
from kc_exchange.testing.brokers.model import OPENID
from kc_exchange.testing.brokers.renewal import renewed

if TYPE_CHECKING:
    from kc_exchange.testing.brokers.model import IdentityProvider, Json
    from kc_exchange.testing.context import RealmServer
    from kc_exchange.testing.model import User
    from kc_exchange.testing.sessions import UserSession

EXPIRES_AT = "accessTokenExpiration"
SHOWN = (
    "access_token",
    "expires_in",
    "token_type",
    "not-before-policy",
    "session_state",
    "scope",
)
"""What Keycloak passes on of a provider's reply."""


class Unusable(Exception):
    """Say why there is no token to give out, in Keycloak's words."""

    def __init__(self, error: str, description: str, reason: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.reason = reason


def _expired() -> Unusable:
    reason = "requested_issuer token expired"
    return Unusable("token_expired", "linked token is expired", reason)


class KeptTokens:
    """Find the token of a user at one provider, and renew it where it must be."""

    def __init__(
        self,
        server: RealmServer,
        provider: IdentityProvider,
        user: User,
        session: UserSession,
    ) -> None:
        self._server = server
        self._provider = provider
        self._user = user
        self._session = session

    def current(self) -> Json:
        """Return the provider's token, as a reply of the token endpoint.

        Raises:
            Unusable: none is kept, or it has expired and cannot be renewed.
        """
        reply = self._stored() if self._provider.store_token else self._noted()
        return {name: reply[name] for name in SHOWN if name in reply}

    def _stored(self) -> Json:
        link = self._user.links.get(self._provider.alias)
        if link is None or link.reply is None:
            said = "identity provider is not linked"
            raise Unusable("not_linked", said, "requested_issuer is not linked")
        if self._provider.kind not in OPENID:
            return {"access_token": link.reply["access_token"]}
        ends_at = link.reply.get(EXPIRES_AT)
        if ends_at is None:
            return link.reply
        if self._lasts(ends_at):
            return link.reply | {"expires_in": ends_at - self._now}
        return self._renewed_account(link.reply)

    def _renewed_account(self, before: Json) -> Json:
        if before.get("refresh_token") is None:
            raise _expired()
        fresh = self._renewed(before["refresh_token"])
        if fresh is None:
            self._server.links.store(self._user, self._provider.alias, None)
            raise _expired()
        if self._session.notes.get(notes.ACCESS_TOKEN) == before["access_token"]:
            self._note(fresh)
        kept = {"refresh_token": before["refresh_token"]} | fresh
        if fresh.get("expires_in"):
            kept[EXPIRES_AT] = self._now + fresh["expires_in"]
        self._server.links.store(self._user, self._provider.alias, kept)
        return fresh

    def _noted(self) -> Json:
        known = self._session.notes
        by = known.get(notes.LOGGED_IN_BY, known.get(notes.EXTERNAL))
        if by != self._provider.alias:
            said = (
                "identity provider is not linked, can only link to current user session"
            )
            raise Unusable("not_linked", said, "requested_issuer has not linked")
        token = known[notes.ACCESS_TOKEN]
        if self._provider.kind not in OPENID:
            return {"access_token": token}
        ends_at = int(known[notes.EXPIRATION])
        if not ends_at or self._lasts(ends_at):
            lasting = ends_at - self._now if ends_at else 0
            return {"access_token": token, "expires_in": lasting}
        fresh = self._renewed(known.get(notes.REFRESH_TOKEN))
        if fresh is None:
            raise _expired()
        self._note(fresh)
        return fresh

    def _renewed(self, refresh_token: str | None) -> Json | None:
        return renewed(self._provider, refresh_token)

    def _note(self, reply: Json) -> None:
        lasting = reply.get("expires_in") or 0
        ends_at = self._now + lasting if lasting else 0
        self._session.notes |= _notes(reply, ends_at)

    def _lasts(self, ends_at: int) -> bool:
        return ends_at > self._now + self._provider.shortest_validity

    @property
    def _now(self) -> int:
        return self._server.clock.seconds()


def _notes(reply: Json, ends_at: int) -> dict[str, Any]:
    kept = {
        notes.ACCESS_TOKEN: reply.get("access_token"),
        notes.REFRESH_TOKEN: reply.get("refresh_token"),
        notes.ID_TOKEN: reply.get("id_token"),
        notes.EXPIRATION: str(ends_at),
    }
    return {name: value for name, value in kept.items() if value is not None}
