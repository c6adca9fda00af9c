"""Send a browser back to the client that sent it here."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import uuid4

from kc_exchange.testing import pages
from kc_exchange.testing.messages import Response, html_response, redirect
from kc_exchange.testing.sessions import PendingCode, UserSession

if TYPE_CHECKING:
    from kc_exchange.testing.context import RealmServer
    from kc_exchange.testing.errors import OAuthError

Parameters = dict[str, str]


def send_code(
    server: RealmServer, session: UserSession, asked: Parameters, *, acr: str = "1"
) -> Response:
    """Send the browser back with a code for the session (RFC 6749 section 4.1.2)."""
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
    answer = _state(asked) | {
        "session_state": session.id,
        "iss": server.issuer,
        "code": code,
    }
    return _send_back(asked, answer)


def send_refusal(
    server: RealmServer, asked: Parameters, refusal: OAuthError
) -> Response:
    """Send the browser back with an error (RFC 6749 section 4.1.2.1)."""
    answer = {"error": refusal.error}
    if refusal.description is not None:
        answer["error_description"] = refusal.description
    return _send_back(asked, answer | _state(asked) | {"iss": server.issuer})


def _state(asked: Parameters) -> Parameters:
    return {"state": asked["state"]} if "state" in asked else {}


def _send_back(asked: Parameters, answer: Parameters) -> Response:
    target, mode = asked["redirect_uri"], asked.get("response_mode", "query")
    if mode == "form_post":
        return html_response(pages.form_post_page(target, answer))
    mark = "#" if mode == "fragment" else "&" if "?" in target else "?"
    return redirect(f"{target}{mark}{urlencode(answer)}")
