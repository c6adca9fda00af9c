"""Tell clients about tokens (RFC 7662)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.testing.client_auth import authenticate
from kc_exchange.testing.errors import OAuthError
from kc_exchange.testing.identity import (
    ACCESS,
    REFRESH,
    Identity,
    audience_list,
    identify,
    issue_of,
)
from kc_exchange.testing.messages import Form, Request, Response, json_response
from kc_exchange.testing.tokens import Issue, audience_claim, draft

if TYPE_CHECKING:
    from kc_exchange.testing.context import RealmServer
    from kc_exchange.testing.model import Client

Json = dict[str, Any]

HINTS = ("access_token", "refresh_token", "requesting_party_token")


def introspect(server: RealmServer, request: Request) -> Response:
    """Answer whether a token is active and what it says (RFC 7662).

    Only a client in the token's audience learns anything. As on Keycloak the mappers
    run again, so the `aud` told here can be wider than the one in the token.

    Raises:
        OAuthError: the client may not ask, or the request is not complete.
    """
    form = request.form
    client = _client(server, request, form)
    token = _token(form)
    identity = _identity(server, client, token, form.first("token_type_hint"))
    if identity is None:
        return _answer({"active": False})
    return _answer(_document(server, identity))


def _identity(
    server: RealmServer, client: Client, token: str, hint: str | None
) -> Identity | None:
    if hint == "refresh_token":
        found = identify(server, token, kinds=REFRESH)
        return found if found and found.client_id == client.client_id else None
    found = identify(server, token, kinds=(*ACCESS, "ID"))
    return found if found and client.client_id in found.audience else None


def _answer(document: Json) -> Response:
    return json_response(document).with_headers(("Cache-Control", "no-cache"))


def _client(server: RealmServer, request: Request, form: Form) -> Client:
    try:
        client = authenticate(server, request, form)
    except OAuthError as refusal:
        if refusal.error != "unauthorized_client":
            raise
        raise OAuthError(
            "invalid_client", "Client authentication failed.", status=401
        ) from refusal
    if client.public:
        raise OAuthError("invalid_request", "Client not allowed.", status=403)
    return client


def _token(form: Form) -> str:
    if any(len(form.every(name)) > 1 for name in form):
        raise OAuthError("invalid_request", "duplicated parameter")
    token = form.first("token")
    if token is None:
        raise OAuthError("invalid_request", "Token not provided.")
    if form.first("token_type_hint") not in (None, *HINTS):
        raise OAuthError("invalid_request", "Unsupported token type.")
    return token


def _document(server: RealmServer, identity: Identity) -> Json:
    claims = dict(identity.claims)
    client = server.realm.clients.get(identity.client_id)
    if client is not None and not _has_left(identity):
        _widen(claims, issue_of(server, identity, client))
    impersonator = identity.session.notes.get("IMPERSONATOR_USERNAME")
    if impersonator is not None:
        claims["act"] = {"sub": impersonator}
    return claims | {
        "client_id": identity.client_id,
        "username": identity.user.username,
        "token_type": claims["typ"],
        "active": True,
    }


def _has_left(identity: Identity) -> bool:
    """Tell whether the client began the session, to impersonate, and left it since."""
    return (
        "IMPERSONATOR_CLIENT" in identity.session.notes
        and identity.client_id not in identity.session.clients
    )


def _widen(claims: Json, issue: Issue) -> None:
    written = draft(issue, "introspection")
    claims.pop("at_hash", None)
    audience = dict.fromkeys([*audience_list(claims), *written.audience])
    claims.update(written.claims)
    if audience:
        claims["aud"] = audience_claim(list(audience))
