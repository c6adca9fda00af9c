"""End sessions, and tell the clients that want to know."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from kc_exchange.testing import pages
from kc_exchange.testing.backchannel import end_session
from kc_exchange.testing.browser import expired_cookie, signed_in
from kc_exchange.testing.client_auth import authenticate
from kc_exchange.testing.errors import OAuthError, PageError
from kc_exchange.testing.messages import (
    Form,
    Request,
    Response,
    html_response,
    redirect,
)
from kc_exchange.testing.redirects import allowed, logout_patterns

if TYPE_CHECKING:
    from kc_exchange.testing.context import RealmServer
    from kc_exchange.testing.model import Client


def logout(server: RealmServer, request: Request) -> Response:
    """End a session: with a refresh token, or as the user's browser asks.

    The browser's way is OpenID Connect RP-Initiated Logout, the other one Keycloak's
    own: a POST with `refresh_token` and the client's credentials, answered with 204.

    Raises:
        OAuthError: the refresh token or the client is not acceptable.
        PageError: a parameter of the browser's request is not acceptable.
    """
    form = request.form if request.method == "POST" else request.query
    if request.method == "POST" and form.first("refresh_token") is not None:
        return _with_refresh_token(server, request, form)
    return _with_browser(server, request, form)


def _with_refresh_token(server: RealmServer, request: Request, form: Form) -> Response:
    client = authenticate(server, request, form)
    claims = server.keys.unseal(form.first("refresh_token") or "")
    if claims is None or claims.get("typ") not in ("Refresh", "Offline"):
        raise OAuthError("invalid_grant", "Invalid refresh token")
    if claims["azp"] != client.client_id:
        raise OAuthError(
            "invalid_grant",
            "Invalid refresh token. Token client and authorized client don't match",
        )
    end_session(server, claims["sid"])
    return Response(status=204, headers=(("Cache-Control", "no-cache"),))


def _with_browser(server: RealmServer, request: Request, form: Form) -> Response:
    hint = form.first("id_token_hint")
    claims = server.keys.read(hint) if hint is not None else None
    if hint is not None and not _is_hint(claims, form.first("client_id")):
        raise PageError("Invalid parameter: id_token_hint")
    client = _client(server, form, claims)
    target = _target(form, client, known=claims is not None)
    here = signed_in(server, request)
    if claims is None and (here is not None or target is None):
        return _confirmed(server, form, target)
    for session_id in (
        claims.get("sid") if claims else None,
        here.id if here else None,
    ):
        if session_id is not None:
            end_session(server, session_id)
    return _farewell(server, form, target)


def _is_hint(claims: dict[str, object] | None, client_id: str | None) -> bool:
    if claims is None or claims.get("typ") != "ID":
        return False
    return client_id in (None, claims.get("azp"))


def _confirmed(server: RealmServer, form: Form, target: str | None) -> Response:
    if form.first("confirmLogout") is None:
        names = ("client_id", "post_logout_redirect_uri", "state", "id_token_hint")
        kept = {name: form.first(name) for name in names}
        hidden = {name: value for name, value in kept.items() if value is not None}
        address = f"{server.protocol_url}/logout"
        return html_response(pages.logout_page(server.realm, address, hidden))
    return _farewell(server, form, target)


def _client(
    server: RealmServer, form: Form, claims: dict[str, object] | None
) -> Client | None:
    name = claims.get("azp") if claims else form.first("client_id")
    return server.realm.clients.get(str(name))


def _target(form: Form, client: Client | None, *, known: bool) -> str | None:
    target = form.first("post_logout_redirect_uri")
    if target is None:
        return None
    if client is None and not known:
        raise PageError("Missing parameters: id_token_hint")
    if client is None or not allowed(client, target, logout_patterns(client)):
        raise PageError("Invalid redirect uri")
    return target


def _farewell(server: RealmServer, form: Form, target: str | None) -> Response:
    gone = expired_cookie(server)
    if target is None:
        page = pages.message_page(server.realm, "You are logged out")
        return html_response(page).with_headers(("Set-Cookie", gone))
    state = form.first("state")
    if state is not None:
        target += ("&" if "?" in target else "?") + urlencode({"state": state})
    return redirect(target, gone)
