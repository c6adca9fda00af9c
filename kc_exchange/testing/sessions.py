"""Keep users' sessions and all that is used once."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from kc_exchange.testing.model import Realm, User


@dataclass(slots=True, kw_only=True)
class ClientSession:
    """Record that a client takes part in a user session."""

    client_id: str
    scope: str | None
    started_at: int
    acr: str = "1"
    exchanged_from: set[str] = field(default_factory=set)
    refreshed_at: int = 0
    refreshed_with: str | None = None
    refresh_uses: int = 0


@dataclass(slots=True, kw_only=True)
class UserSession:
    """Record one login of a user and the clients it reached.

    A transient session lives for one request alone: it has no id in its tokens.
    """

    id: str
    user_id: str
    started_at: int
    last_refresh_at: int
    transient: bool = False
    offline: bool = False
    notes: dict[str, str] = field(default_factory=dict, repr=False)
    clients: dict[str, ClientSession] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class PendingCode:
    """Hold what an authorization code stands for until it is redeemed."""

    session_id: str
    client_id: str
    redirect_uri: str
    scope: str | None
    nonce: str | None
    challenge: str | None
    method: str | None
    expires_at: int


@dataclass(slots=True, kw_only=True)
class PendingLogin:
    """Hold an authorization request while its user signs in."""

    browser: str
    parameters: dict[str, str] = field(repr=False)
    expires_at: int
    user_id: str | None = None


class SessionStore:
    """Keep a realm's sessions, codes, logins and one-time ids across threads."""

    def __init__(self, realm: Realm, seconds: Callable[[], int]) -> None:
        self.lock = threading.RLock()
        self._realm = realm
        self._seconds = seconds
        self._sessions: dict[str, UserSession] = {}
        self._codes: dict[str, PendingCode] = {}
        self._spent: dict[str, str] = {}
        self._logins: dict[str, PendingLogin] = {}
        self._assertions: dict[str, int] = {}
        self._revoked: set[str] = set()

    def start(self, user: User, *, transient: bool = False) -> UserSession:
        """Begin a session of the user and return it."""
        now = self._seconds()
        session = UserSession(
            id=secrets.token_urlsafe(18),
            user_id=user.id,
            started_at=now,
            last_refresh_at=now,
            transient=transient,
        )
        if not transient:
            with self.lock:
                self._sessions[session.id] = session
        return session

    def join(
        self,
        session: UserSession,
        client_id: str,
        scope: str | None,
        *,
        acr: str = "1",
    ) -> ClientSession:
        """Attach the client to the session, or renew what it asked for."""
        with self.lock:
            joined = ClientSession(
                client_id=client_id, scope=scope, started_at=self._seconds(), acr=acr
            )
            session.clients[client_id] = joined
            return joined

    def find(self, session_id: str | None) -> UserSession | None:
        """Return the session if it exists and has not run out."""
        session = self._sessions.get(session_id or "")
        if session is None or not self._alive(session):
            return None
        return session

    def _alive(self, session: UserSession) -> bool:
        now = self._seconds()
        if session.offline:
            return True
        idle_until = session.last_refresh_at + self._realm.session_idle
        return now < min(idle_until, self.ends_at(session))

    def ends_at(self, session: UserSession) -> int:
        """Return the second at which the session ends whatever happens."""
        return session.started_at + self._realm.session_max

    def of_user(self, user_id: str) -> list[UserSession]:
        """Return the user's living sessions."""
        with self.lock:
            known = list(self._sessions.values())
        return [s for s in known if s.user_id == user_id and self._alive(s)]

    def end(self, session_id: str) -> None:
        """End the session; its tokens are worth nothing from now on."""
        with self.lock:
            self._sessions.pop(session_id, None)

    def leave(self, session: UserSession, client_id: str) -> None:
        """Detach the client; the last one to leave ends the session."""
        with self.lock:
            session.clients.pop(client_id, None)
            if not session.clients:
                self._sessions.pop(session.id, None)

    def detach_exchanged(self, session: UserSession, client_id: str) -> None:
        """Detach clients that exchanged a token of this client, keep the session."""
        with self.lock:
            session.clients = {
                name: joined
                for name, joined in session.clients.items()
                if client_id not in joined.exchanged_from
            }

    def revoke(self, token_id: str) -> None:
        """Refuse the access token with this `jti` from now on."""
        with self.lock:
            self._revoked.add(token_id)

    def revoked(self, token_id: str) -> bool:
        """Tell whether the access token with this `jti` was revoked."""
        return token_id in self._revoked

    def keep_code(self, code: str, pending: PendingCode) -> None:
        """Remember what the code stands for."""
        with self.lock:
            self._codes[code] = pending

    def redeem(self, code: str) -> tuple[PendingCode | None, str | None]:
        """Spend the code; of a code spent before, return its session's id."""
        with self.lock:
            pending = self._codes.pop(code, None)
            before = self._spent.get(code)
            if pending is not None:
                self._spent[code] = pending.session_id
        return pending, before

    def keep_login(self, tab: str, pending: PendingLogin) -> None:
        """Remember an authorization request while its user signs in."""
        with self.lock:
            self._logins[tab] = pending

    def login(self, tab: str | None) -> PendingLogin | None:
        """Return the waiting authorization request of this tab, or None."""
        pending = self._logins.get(tab or "")
        if pending is None or self._seconds() >= pending.expires_at:
            return None
        return pending

    def drop_login(self, tab: str) -> None:
        """Forget the authorization request of this tab."""
        with self.lock:
            self._logins.pop(tab, None)

    def first_use(self, assertion_id: str, expires_at: int) -> bool:
        """Tell whether a client assertion's `jti` is seen for the first time."""
        now = self._seconds()
        with self.lock:
            self._assertions = {k: v for k, v in self._assertions.items() if v > now}
            if assertion_id in self._assertions:
                return False
            self._assertions[assertion_id] = expires_at
            return True

    def clear(self) -> None:
        """Forget everything."""
        stores: tuple[Any, ...] = (
            self._sessions,
            self._codes,
            self._spent,
            self._logins,
            self._assertions,
            self._revoked,
        )
        with self.lock:
            for store in stores:
                store.clear()
