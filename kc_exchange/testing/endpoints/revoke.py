from __future__ import annotations

from typing import Any

from kc_exchange.testing.client_auth import authenticate
from kc_exchange.testing.context import RealmServer
from kc_exchange.testing.errors import OAuthError
from kc_exchange.testing.messages import Request, Response
from kc_exchange.testing.model import Client
from kc_exchange.testing.sessions import UserSession

Json = dict[str, Any]

REFRESH_TYPES = ("Refresh", "Offline")


def revoke(server: RealmServer, request: Request) -> Response:
    """Revoke a token (RFC 7009).

    An access token is refused from now on. A refresh token, or a token that came out
    of an exchange, takes the client out of the session, and with its last client the
    session ends. What was exchanged from a revoked token stays valid.

    Raises:
        OAuthError: the client or the token is not acceptable.
    """
    form = request.form
    client = authenticate(server, request, form)
    token = form.first("token")
    if token is None:
        raise OAuthError("invalid_request", "Token not provided")
    claims = _claims(server, client, token)
    session = _session(server, claims)
    if claims["typ"] in REFRESH_TYPES or _exchanged(claims):
        _leave(server, client, session)
    if claims["typ"] not in REFRESH_TYPES:
        server.sessions.revoke(claims["jti"])
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
    known = claims["azp"] in session.clients
    if not known and str(claims.get("jti", ""))[:2] != "nt":
        raise _unknown()
    return session


def _exchanged(claims: Json) -> bool:
    return str(claims.get("jti", ""))[4:7] == "te:"


def _leave(server: RealmServer, client: Client, session: UserSession | None) -> None:
    if session is not None and client.client_id in session.clients:
        server.sessions.leave(session, client.client_id)
