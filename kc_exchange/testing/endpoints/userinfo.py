from __future__ import annotations

from typing import Any

from kc_exchange.testing.context import RealmServer
from kc_exchange.testing.identity import Identity, identify
from kc_exchange.testing.messages import NO_STORE, Request, Response, json_response
from kc_exchange.testing.scopes import words
from kc_exchange.testing.tokens import Issue, draft


def userinfo(server: RealmServer, request: Request) -> Response:
    """Answer with the claims of the token's user (OpenID Connect Core section 5.3)."""
    token = request.bearer or request.form.first("access_token")
    if token is None:
        return _refusal(server, 401)
    identity = identify(server, token)
    if identity is None:
        return _refusal(server, 401, "invalid_token", _reason(server, token))
    if "openid" not in words(identity.claims.get("scope")):
        return _refusal(server, 403, "insufficient_scope", "Missing openid scope")
    return json_response(_claims(server, identity), store=False)


def _reason(server: RealmServer, token: str) -> str:
    claims = server.keys.read(token)
    standing = claims is not None and claims.get("typ") in ("Bearer", "DPoP")
    if standing and server.sessions.find(claims.get("sid") if claims else None) is None:
        return "user_session_not_found"
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
    issue = Issue(
        server=server,
        client=client,
        user=identity.user,
        session=identity.session,
        scope=str(identity.claims.get("scope", "")),
        grant="te",
    )
    return {"sub": identity.user.id} | draft(issue, "userinfo").claims
