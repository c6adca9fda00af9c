"""Decide whether an access token still stands, as Keycloak decides it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kc_exchange.testing.tokens import Issue

if TYPE_CHECKING:
    from kc_exchange.testing.context import RealmServer
    from kc_exchange.testing.model import Client, User
    from kc_exchange.testing.sessions import UserSession

Json = dict[str, Any]

ACCESS = ("Bearer", "DPoP")
REFRESH = ("Refresh", "Offline")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Hold an accepted access token's claims, its user and its session."""

    claims: Json
    user: User
    session: UserSession

    @property
    def client_id(self) -> str:
        """Return the client the token was issued to."""
        return str(self.claims.get("azp", ""))

    @property
    def audience(self) -> list[str]:
        """Return the token's audiences as a list."""
        return audience_list(self.claims)

    @property
    def exchanged(self) -> bool:
        """Tell whether the token came out of a token exchange."""
        return str(self.claims.get("jti", ""))[4:7] == "te:"


def audience_list(claims: Json) -> list[str]:
    """Return `aud` as a list, whatever form it has."""
    found = claims.get("aud")
    return [found] if isinstance(found, str) else list(found or ())


def identify(
    server: RealmServer, token: str, *, kinds: tuple[str, ...] = ACCESS
) -> Identity | None:
    """Return whom the token stands for, or None if it does not stand.

    Signature, issuer, type, times, revocation, not-before policies, the user and
    the session are checked; the cause of a refusal is not told, as on Keycloak.
    """
    sealed = kinds == REFRESH
    claims = server.keys.unseal(token) if sealed else server.keys.read(token)
    if claims is None or not _acceptable(server, claims, kinds):
        return None
    session = _session(server, claims)
    user = _user(server, claims, session)
    if session is None or user is None or not _user_stands(user, claims):
        return None
    return Identity(claims=claims, user=user, session=session)


def _acceptable(server: RealmServer, claims: Json, kinds: tuple[str, ...]) -> bool:
    now = server.clock.seconds()
    return (
        claims.get("typ") in kinds
        and claims.get("iss") == server.issuer
        and claims.get("exp", now + 1) > now
        and claims.get("nbf", now) <= now
        and claims.get("iat", 0) >= server.realm.not_before
        and not server.sessions.revoked(str(claims.get("jti", "")))
    )


def _session(server: RealmServer, claims: Json) -> UserSession | None:
    if claims.get("sid") is None:
        return _transient(server, claims)
    session = server.sessions.find(claims["sid"])
    if session is None or claims.get("iat", 0) + 1 < session.started_at:
        return None
    kind = str(claims.get("jti", ""))[:2]
    if kind == "of" and not session.offline:
        return None
    known = takes_part(server, session, str(claims.get("azp")))
    return session if known or kind in ("nt", "ft") else None


def takes_part(server: RealmServer, session: UserSession, client_id: str) -> bool:
    """Tell whether the session knows the client.

    With legacy exchange, the client that began it to impersonate its user is known
    even after it left.
    """
    if client_id in session.clients:
        return True
    client = server.realm.clients.get(client_id)
    return (
        server.features.legacy_exchange
        and client is not None
        and session.notes.get("IMPERSONATOR_CLIENT") == client.id
    )


def _transient(server: RealmServer, claims: Json) -> UserSession | None:
    user = server.realm.users.get(str(claims.get("sub")))
    if user is None:
        return None
    return server.sessions.start(user, transient=True)


def _user(
    server: RealmServer, claims: Json, session: UserSession | None
) -> User | None:
    known = session.user_id if session is not None else str(claims.get("sub"))
    return server.realm.users.get(known)


def _user_stands(user: User, claims: Json) -> bool:
    same = claims.get("sub") in (None, user.id)
    return user.enabled and same and claims.get("iat", 0) >= user.not_before


def issue_of(server: RealmServer, identity: Identity, client: Client) -> Issue:
    """Return what the mappers run on when they tell of a token again."""
    return Issue(
        server=server,
        client=client,
        user=identity.user,
        session=identity.session,
        scope=str(identity.claims.get("scope", "")),
        grant="te",
    )
