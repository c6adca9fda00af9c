"""Let a user sign in and send an authorization code back (RFC 6749 section 4.1)."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import uuid4

from kc_exchange.testing import browser, pages
from kc_exchange.testing.credentials import password_matches
from kc_exchange.testing.errors import OAuthError, PageError
from kc_exchange.testing.messages import (
    Form,
    Request,
    Response,
    html_response,
    redirect,
)
from kc_exchange.testing.redirects import allowed
from kc_exchange.testing.scopes import check_scope, words
from kc_exchange.testing.sessions import PendingCode, PendingLogin, UserSession

if TYPE_CHECKING:
    from kc_exchange.testing.context import RealmServer
    from kc_exchange.testing.model import Client, User

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

Parameters = dict[str, str]


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
        return _refused(server, asked, refusal)
    return _signed_in_or_login(server, request, asked)


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


def _signed_in_or_login(
    server: RealmServer, request: Request, asked: Parameters
) -> Response:
    prompts = words(asked.get("prompt"))
    session = browser.signed_in(server, request)
    if session is not None and "login" not in prompts:
        return _send_code(server, session, asked, acr="0")
    if "none" in prompts:
        return _refused(server, asked, OAuthError("login_required", None))
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
    """Answer the login form.

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
    kept = browser.identity_cookie(server, session)
    return _send_code(server, session, asked).with_headers(("Set-Cookie", kept))


def _send_code(
    server: RealmServer, session: UserSession, asked: Parameters, *, acr: str = "1"
) -> Response:
    scope = asked.get("scope")
    client = server.realm.clients[asked["client_id"]]
    server.sessions.join(session, client.client_id, scope, acr=acr)
    code = f"{uuid4()}.{session.id}.{client.id}"
    pending = PendingCode(
        session_id=session.id,
        client_id=client.client_id,
        redirect_uri=asked["redirect_uri"],
        scope=scope,
        nonce=asked.get("nonce"),
        challenge=asked.get("code_challenge"),
        method=asked.get("code_challenge_method") or "plain",
        expires_at=server.clock.seconds() + server.realm.code_lifespan,
    )
    server.sessions.keep_code(code, pending)
    answer = {"session_state": session.id, "iss": server.issuer, "code": code}
    return _send_back(asked, answer)


def _refused(server: RealmServer, asked: Parameters, refusal: OAuthError) -> Response:
    answer = {"error": refusal.error}
    if refusal.description is not None:
        answer["error_description"] = refusal.description
    return _send_back(asked, answer | {"iss": server.issuer})


def _send_back(asked: Parameters, answer: Parameters) -> Response:
    state = {"state": asked["state"]} if "state" in asked else {}
    target, mode = asked["redirect_uri"], asked.get("response_mode", "query")
    fields = state | answer
    if mode == "form_post":
        return html_response(pages.form_post_page(target, fields))
    mark = "#" if mode == "fragment" else "&" if "?" in target else "?"
    return redirect(f"{target}{mark}{urlencode(fields)}")
