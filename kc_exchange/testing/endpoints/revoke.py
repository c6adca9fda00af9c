"""Revoke tokens (RFC 7009)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.testing.client_auth import authenticate
from kc_exchange.testing.errors import OAuthError
from kc_exchange.testing.identity import takes_part
from kc_exchange.testing.messages import Request, Response

if TYPE_CHECKING:
    from kc_exchange.testing.context import RealmServer
    from kc_exchange.testing.model import Client
    from kc_exchange.testing.sessions import UserSession

Json = dict[str, Any]

REFRESH_TYPES = ("Refresh", "Offline")


def revoke(server: RealmServer, request: Request) -> Response:
    """Revoke a token (RFC 7009).

    An access token is refused from now on; a refresh token takes its client out of
    the session, and with its last client the session ends. Either way, clients that
    exchanged a token of this client in the session leave it too, if they had joined
    it: a token that was exchanged without joining stays valid.

    Raises:
        OAuthError: the client or the token is not acceptable.
    """
    form = request.form
    client = authenticate(server, request, form)
    if any(len(form.every(name)) > 1 for name in form):
        raise OAuthError("invalid_request", "duplicated parameter")
    token = form.first("token")
    if token is None:
        raise OAuthError("invalid_request", "Token not provided")
    claims = _claims(server, client, token)
    session = _session(server, claims)
    if session is not None:
        server.sessions.detach_exchanged(session, client.client_id)
    if claims["typ"] not in REFRESH_TYPES:
        server.sessions.revoke(claims["jti"])
    elif session is not None:
        server.sessions.leave(session, client.client_id)
    return Response()


def _claims(server: RealmServer, client: Client, token: str) -> Json:
    claims = server.keys.read(token) or server.keys.unseal(token)
    if claims is None:
        raise _unknown()
    if claims.get("typ") not in (*REFRESH_TYPES, "Bearer", "DPoP"):
        raise OAuthError("unsupported_token_type", "Unsupported token type")
    if claims.get("azp") != client.client_id:
        raise OAuthError("invalid_request", "Unmatching clients")
    return claims


def _unknown() -> OAuthError:
    return OAuthError("invalid_token", "Invalid token", status=200)


def _session(server: RealmServer, claims: Json) -> UserSession | None:
    if claims.get("sid") is None:
        return None
    session = server.sessions.find(claims["sid"])
    if session is None:
        raise _unknown()
    known = takes_part(server, session, claims["azp"])
    if not known and str(claims.get("jti", ""))[:2] != "nt":
        raise _unknown()
    return session
