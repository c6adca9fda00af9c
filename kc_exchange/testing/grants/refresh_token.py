"""Answer the refresh token grant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.testing.errors import OAuthError
from kc_exchange.testing.replies import token_reply
from kc_exchange.testing.scopes import check_scope, words
from kc_exchange.testing.tokens import Issue

if TYPE_CHECKING:
    from kc_exchange.testing.context import GrantRequest
    from kc_exchange.testing.model import User
    from kc_exchange.testing.sessions import ClientSession, UserSession

Json = dict[str, Any]


def refresh_token(grant: GrantRequest) -> Json:
    """Answer the refresh token grant (RFC 6749 section 6).

    Raises:
        OAuthError: the token, its session or its user does not stand any more.
    """
    token = grant.form.first("refresh_token")
    if token is None:
        raise OAuthError("invalid_request", "No refresh token")
    check_scope(grant.server.realm, grant.client, grant.form.first("scope"))
    claims = _claims(grant, token)
    session, user, joined = _standing(grant, claims)
    with grant.server.sessions.lock:
        _check_reuse(grant, session, joined, claims)
        joined.refreshed_at = grant.server.clock.seconds()
        session.last_refresh_at = joined.refreshed_at
    issue = _issue(grant, claims, session, user)
    # Keycloak looks at what the client session last asked for, not at this token.
    identity = "openid" in words(joined.scope)
    return token_reply(issue, refresh=True, identity=identity)


def _claims(grant: GrantRequest, token: str) -> Json:
    server = grant.server
    claims = server.keys.unseal(token)
    if claims is None or claims.get("typ") not in ("Refresh", "Offline"):
        raise _refusal("Invalid refresh token")
    if claims["iss"] != server.issuer:
        raise _refusal("Invalid token issuer")
    if claims.get("exp", server.clock.seconds() + 1) <= server.clock.seconds():
        raise _refusal("Token is not active")
    if claims["iat"] < server.realm.not_before:
        raise _refusal("Stale token")
    if claims["azp"] != grant.client.client_id:
        raise _refusal(
            "Invalid refresh token. Token client and authorized client don't match"
        )
    return claims


def _refusal(description: str) -> OAuthError:
    return OAuthError("invalid_grant", description)


def _standing(
    grant: GrantRequest, claims: Json
) -> tuple[UserSession, User, ClientSession]:
    session = grant.server.sessions.find(claims.get("sid"))
    joined = session.clients.get(grant.client.client_id) if session else None
    if session is None:
        raise _refusal("Session not active")
    if joined is None:
        raise _refusal("Session doesn't have required client")
    user = grant.server.realm.users.get(session.user_id)
    if user is None:
        raise _refusal("Unknown user")
    if not user.enabled:
        raise _refusal("User disabled")
    if claims["iat"] < user.not_before:
        raise _refusal("Stale token")
    return session, user, joined


def _check_reuse(
    grant: GrantRequest, session: UserSession, joined: ClientSession, claims: Json
) -> None:
    realm = grant.server.realm
    if not realm.revoke_refresh_token:
        return
    if joined.refreshed_with != claims["jti"]:
        if joined.refreshed_with and claims["iat"] < joined.refreshed_at:
            raise _refusal("Stale token")
        joined.refreshed_with, joined.refresh_uses = claims["jti"], 0
    if joined.refresh_uses > realm.refresh_token_max_reuse:
        del session.clients[grant.client.client_id]
        raise _refusal("Maximum allowed refresh token reuse exceeded")
    joined.refresh_uses += 1


def _issue(
    grant: GrantRequest, claims: Json, session: UserSession, user: User
) -> Issue:
    granted = words(claims["scope"])
    asked = grant.form.first("scope")
    kept = [word for word in granted if asked is None or word in words(asked)]
    return Issue(
        server=grant.server,
        client=grant.client,
        user=user,
        session=session,
        scope=" ".join(kept),
        grant="rt",
        session_kind="of" if session.offline else "on",
        thumbprint=grant.thumbprint,
    )
