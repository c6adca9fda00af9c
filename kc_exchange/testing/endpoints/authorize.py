"""Let a user sign in and send an authorization code back (RFC 6749 section 4.1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kc_exchange.testing.endpoints.login import begin
from kc_exchange.testing.errors import OAuthError, PageError
from kc_exchange.testing.redirects import allowed
from kc_exchange.testing.responses import send_refusal
from kc_exchange.testing.scopes import check_scope, words

if TYPE_CHECKING:
    from kc_exchange.testing.context import RealmServer
    from kc_exchange.testing.messages import (
        Form,
        Request,
        Response,
    )
    from kc_exchange.testing.model import Client

METHODS = ("plain", "S256")
CHALLENGE = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
KEPT = (
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "response_mode",
    "code_challenge",
    "code_challenge_method",
    "login_hint",
    "prompt",
)


def authorize(server: RealmServer, request: Request) -> Response:
    """Answer the authorization endpoint (OpenID Connect Core section 3.1.2).

    Raises:
        PageError: the client or its redirect URI is not acceptable, so the browser
            cannot be sent back.
    """
    form = request.query if request.method == "GET" else request.form
    client = _client(server, form)
    asked = {name: form.first(name) or "" for name in KEPT if form.first(name)}
    asked["redirect_uri"] = _redirect_uri(client, form)
    try:
        _check(server, client, form)
    except OAuthError as refusal:
        return send_refusal(server, asked, refusal)
    return begin(server, request, asked)


def _client(server: RealmServer, form: Form) -> Client:
    name = form.first("client_id")
    if not name:
        raise PageError("Invalid Request")
    client = server.realm.clients.get(name)
    if client is None:
        raise PageError("Client not found.")
    if not client.enabled:
        raise PageError("Client disabled.")
    if client.bearer_only:
        raise PageError(
            "Bearer-only applications are not allowed to initiate browser login",
            status=403,
        )
    return client


def _redirect_uri(client: Client, form: Form) -> str:
    given = form.first("redirect_uri")
    optional = "openid" not in words(form.first("scope"))
    if given is None and optional and len(client.redirect_uris) == 1:
        return client.redirect_uris[0].rstrip("*")
    if given is None or not allowed(client, given, client.redirect_uris):
        raise PageError("Invalid parameter: redirect_uri")
    return given


def _check(server: RealmServer, client: Client, form: Form) -> None:
    kind = form.first("response_type")
    if kind is None:
        raise _bad("Missing parameter: response_type")
    if kind != "code":
        raise _wrong_type(kind)
    if not client.standard_flow:
        raise OAuthError(
            "unauthorized_client",
            "Client is not allowed to initiate browser login with given "
            "response_type. Standard flow is disabled for the client.",
        )
    if form.first("response_mode") not in (None, "query", "fragment", "form_post"):
        raise _bad("Invalid parameter: response_mode")
    check_scope(server.realm, client, form.first("scope"))
    _check_challenge(client, form)


def _wrong_type(kind: str) -> OAuthError:
    if set(words(kind)) <= {"code", "token", "id_token"} and kind:
        return OAuthError(
            "unauthorized_client",
            "Client is not allowed to initiate browser login with given "
            "response_type. Implicit flow is disabled for the client.",
        )
    return OAuthError("unsupported_response_type", None)


def _check_challenge(client: Client, form: Form) -> None:
    challenge = form.first("code_challenge")
    method = form.first("code_challenge_method")
    required = client.attributes.get("pkce.code.challenge.method")
    if required and method is None:
        raise _bad("Missing parameter: code_challenge_method")
    if required and method != required:
        raise _bad(
            "Invalid parameter: code challenge method is not matching the configured "
            "one"
        )
    if method is not None and method not in METHODS:
        raise _bad("Invalid parameter: code_challenge_method")
    if method is not None and challenge is None:
        raise _bad("Missing parameter: code_challenge")
    if challenge is not None and not CHALLENGE.fullmatch(challenge):
        raise _bad("Invalid parameter: code_challenge")


def _bad(description: str) -> OAuthError:
    return OAuthError("invalid_request", description)
