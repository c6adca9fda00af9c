"""Let a user sign in."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from kc_exchange.testing import browser, pages
from kc_exchange.testing.credentials import password_matches
from kc_exchange.testing.errors import OAuthError, PageError
from kc_exchange.testing.messages import Request, Response, html_response
from kc_exchange.testing.responses import Parameters, send_code, send_refusal
from kc_exchange.testing.scopes import requested_scopes, words
from kc_exchange.testing.sessions import PendingLogin

if TYPE_CHECKING:
    from kc_exchange.testing.context import RealmServer
    from kc_exchange.testing.model import User


def begin(server: RealmServer, request: Request, asked: Parameters) -> Response:
    """Send a signed-in browser on with a code, or show it the login page."""
    prompts = words(asked.get("prompt"))
    session = browser.signed_in(server, request)
    if session is not None and "login" not in prompts:
        return send_code(server, session, asked, acr="0")
    if "none" in prompts:
        return send_refusal(server, asked, OAuthError("login_required", None))
    return _start_login(server, asked)


def _start_login(server: RealmServer, asked: Parameters) -> Response:
    tab, secret = secrets.token_urlsafe(8), secrets.token_urlsafe(32)
    expires_at = server.clock.seconds() + server.realm.login_lifespan
    pending = PendingLogin(browser=secret, parameters=asked, expires_at=expires_at)
    server.sessions.keep_login(tab, pending)
    page = _form(server, tab, asked, username=asked.get("login_hint", ""))
    set_cookie = browser.cookie(server, browser.AUTHENTICATION, f"{tab}.{secret}")
    return page.with_headers(("Set-Cookie", set_cookie))


def _form(
    server: RealmServer,
    tab: str,
    asked: Parameters,
    *,
    username: str = "",
    error: str | None = None,
) -> Response:
    query = urlencode({"client_id": asked["client_id"], "tab_id": tab})
    action = f"{server.issuer}/login-actions/authenticate?{query}"
    page = pages.login_page(server.realm, action, username=username, error=error)
    return html_response(page)


def authenticate(server: RealmServer, request: Request) -> Response:
    """Answer the login form; signing in counts as consent, without a page for it.

    Raises:
        PageError: the login was not begun in this browser, or took too long.
    """
    tab = request.query.first("tab_id") or ""
    pending = server.sessions.login(tab)
    held = (request.cookie(browser.AUTHENTICATION) or "").partition(".")
    if pending is None or not secrets.compare_digest(held[2], pending.browser):
        raise PageError(
            "Restart login cookie not found. It may have expired; it may have been "
            "deleted or cookies are disabled in your browser. If cookies are disabled "
            "then enable them. Click Back to Application to login again."
        )
    if request.method == "GET":
        return _form(server, tab, pending.parameters)
    return _try_login(server, request, tab, pending)


def _try_login(
    server: RealmServer, request: Request, tab: str, pending: PendingLogin
) -> Response:
    name = request.form.first("username") or ""
    user = server.realm.user(name)
    if user is None or not password_matches(user, request.form.first("password")):
        error = "Invalid username or password."
        return _form(server, tab, pending.parameters, username=name, error=error)
    if not user.enabled:
        error = "Account is disabled, contact your administrator."
        return _form(server, tab, pending.parameters, username=name, error=error)
    server.sessions.drop_login(tab)
    return _logged_in(server, request, user, pending.parameters)


def _logged_in(
    server: RealmServer, request: Request, user: User, asked: Parameters
) -> Response:
    session = browser.signed_in(server, request)
    if session is None or session.user_id != user.id:
        session = server.sessions.start(user)
    session.notes["AUTH_TIME"] = str(server.clock.seconds())
    _consent(server, user, asked)
    kept = browser.identity_cookie(server, session)
    return send_code(server, session, asked).with_headers(("Set-Cookie", kept))


def _consent(server: RealmServer, user: User, asked: Parameters) -> None:
    client = server.realm.clients[asked["client_id"]]
    if client.consent_required:
        scopes = requested_scopes(server.realm, client, asked.get("scope"), user)
        given = user.consents.setdefault(client.client_id, set())
        given |= {scope.name for scope in scopes}
