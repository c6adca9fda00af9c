"""Answer the authorization code grant."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from kc_exchange.testing.errors import OAuthError
from kc_exchange.testing.keys import b64url
from kc_exchange.testing.replies import token_reply
from kc_exchange.testing.tokens import Issue

if TYPE_CHECKING:
    from kc_exchange.testing.context import GrantRequest
    from kc_exchange.testing.sessions import PendingCode, UserSession

VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")


def authorization_code(grant: GrantRequest) -> dict[str, Any]:
    """Answer the authorization code grant (RFC 6749 section 4.1.3, RFC 7636).

    Raises:
        OAuthError: the code, its verifier, redirect URI or session does not fit.
    """
    pending = _redeemed(grant)
    session = _session(grant, pending)
    _check_request(grant, pending)
    _check_verifier(pending, grant.form.first("code_verifier"))
    user = grant.server.realm.users[session.user_id]
    if not user.enabled:
        raise _refusal("User disabled")
    issue = Issue(
        server=grant.server,
        client=grant.client,
        user=user,
        session=session,
        scope=pending.scope,
        grant="ac",
        nonce=pending.nonce,
        thumbprint=grant.thumbprint,
    )
    return token_reply(issue, refresh=True)


def _redeemed(grant: GrantRequest) -> PendingCode:
    code = grant.form.first("code")
    if code is None:
        raise OAuthError("invalid_request", "Missing parameter: code")
    pending, spent = grant.server.sessions.redeem(code)
    if spent is not None:
        _leave(grant, spent)
    if pending is None:
        raise _refusal("Code not valid")
    if grant.server.clock.seconds() >= pending.expires_at:
        raise _refusal("Code is expired")
    return pending


def _leave(grant: GrantRequest, session_id: str) -> None:
    session = grant.server.sessions.find(session_id)
    if session is not None:
        session.clients.pop(grant.client.client_id, None)


def _session(grant: GrantRequest, pending: PendingCode) -> UserSession:
    session = grant.server.sessions.find(pending.session_id)
    if session is None:
        raise _refusal("Session not active")
    return session


def _check_request(grant: GrantRequest, pending: PendingCode) -> None:
    if pending.redirect_uri != grant.form.first("redirect_uri"):
        raise _refusal("Incorrect redirect_uri")
    if pending.client_id != grant.client.client_id:
        raise _refusal("Auth error: Found different client_id in clientSession")
    if not grant.client.standard_flow:
        raise _refusal("Client not allowed to exchange code")


def _check_verifier(pending: PendingCode, verifier: str | None) -> None:
    if pending.challenge is None:
        if verifier is not None:
            raise _refusal(
                "PKCE code verifier specified but challenge not present in "
                "authorization"
            )
        return
    if verifier is None:
        raise _refusal("PKCE code verifier not specified")
    if not VERIFIER.fullmatch(verifier):
        raise _refusal("PKCE verification failed: Invalid code verifier")
    digest = b64url(hashlib.sha256(verifier.encode()).digest())
    found = verifier if pending.method == "plain" else digest
    if found != pending.challenge:
        raise _refusal("PKCE verification failed: Code mismatch")


def _refusal(description: str) -> OAuthError:
    return OAuthError("invalid_grant", description)
