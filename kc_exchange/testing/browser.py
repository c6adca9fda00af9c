"""Remember in a browser's cookies who is signed in to the realm."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kc_exchange.testing.context import RealmServer
    from kc_exchange.testing.messages import Request
    from kc_exchange.testing.sessions import UserSession

IDENTITY = "KEYCLOAK_IDENTITY"
AUTHENTICATION = "AUTH_SESSION_ID"


def cookie(server: RealmServer, name: str, value: str, *, keep: bool = True) -> str:
    """Write a Set-Cookie value for the realm's paths; `keep=False` deletes it."""
    parts = [f"{name}={value}", f"Path=/realms/{server.realm.name}/", "HttpOnly"]
    parts.append("Secure; SameSite=None" if server.tls else "SameSite=Lax")
    if not keep:
        parts.append("Max-Age=0")
    return "; ".join(parts)


def identity_cookie(server: RealmServer, session: UserSession) -> str:
    """Write the cookie that keeps a browser signed in to the session."""
    claims = {
        "iss": server.issuer,
        "sub": session.user_id,
        "typ": "Serialized-ID",
        "sid": session.id,
        "iat": server.clock.seconds(),
        "exp": server.sessions.ends_at(session),
    }
    return cookie(server, IDENTITY, server.keys.seal(claims))


def expired_cookie(server: RealmServer) -> str:
    """Write the cookie that signs a browser out."""
    return cookie(server, IDENTITY, "", keep=False)


def signed_in(server: RealmServer, request: Request) -> UserSession | None:
    """Return the session the browser is signed in to, or None."""
    value = request.cookie(IDENTITY)
    claims = server.keys.unseal(value) if value else None
    if claims is None or claims.get("typ") != "Serialized-ID":
        return None
    session = server.sessions.find(claims.get("sid"))
    user = server.realm.users.get(session.user_id) if session else None
    return session if user is not None and user.enabled else None
