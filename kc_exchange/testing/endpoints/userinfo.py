"""Tell about the user of a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.testing.identity import Identity, identify, issue_of
from kc_exchange.testing.messages import NO_STORE, Request, Response, json_response
from kc_exchange.testing.scopes import words
from kc_exchange.testing.tokens import draft

if TYPE_CHECKING:
    from kc_exchange.testing.context import RealmServer

LIGHTWEIGHT = "Lightweight access token not allowed for userinfo endpoint"


def userinfo(server: RealmServer, request: Request) -> Response:
    """Answer with the claims of the token's user (OpenID Connect Core section 5.3)."""
    token = request.bearer or request.form.first("access_token")
    if token is None:
        return _refusal(server, 401)
    identity = identify(server, token, kinds=("Bearer",))
    if identity is None:
        return _refusal(server, 401, "invalid_token", _reason(server, token))
    if str(identity.claims.get("jti", ""))[2:4] == "lt":
        return _refusal(server, 401, "invalid_token", LIGHTWEIGHT)
    if "openid" not in words(identity.claims.get("scope")):
        return _refusal(server, 403, "insufficient_scope", "Missing openid scope")
    return json_response(_claims(server, identity), store=False)


def _reason(server: RealmServer, token: str) -> str:
    claims = server.keys.read(token) or {}
    expired = claims.get("exp", 0) <= server.clock.seconds()
    if expired or claims.get("typ") != "Bearer":
        return "Token verification failed"
    if claims.get("sid") is None:
        return "user_disabled"
    session = server.sessions.find(claims["sid"])
    if session is None or claims.get("azp") not in session.clients:
        return "user_session_not_found"
    user = server.realm.users.get(session.user_id)
    if user is not None and not user.enabled:
        return "User disabled"
    return "Token verification failed"


def _refusal(
    server: RealmServer, status: int, error: str = "", description: str = ""
) -> Response:
    challenge = f'Bearer realm="{server.realm.name}"'
    if error:
        challenge += f', error="{error}", error_description="{description}"'
    fields = (("WWW-Authenticate", challenge), *NO_STORE)
    return Response(status=status, headers=fields)


def _claims(server: RealmServer, identity: Identity) -> dict[str, Any]:
    client = server.realm.clients[identity.client_id]
    issue = issue_of(server, identity, client)
    return {"sub": identity.user.id} | draft(issue, "userinfo").claims
