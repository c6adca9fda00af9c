"""Answer the password grant."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kc_exchange.testing.credentials import password_matches
from kc_exchange.testing.errors import OAuthError
from kc_exchange.testing.replies import token_reply
from kc_exchange.testing.scopes import check_scope
from kc_exchange.testing.tokens import Issue

if TYPE_CHECKING:
    from kc_exchange.testing.context import GrantRequest, RealmServer
    from kc_exchange.testing.model import Client, User

SHORTCUT = "ro"


def password(grant: GrantRequest) -> dict[str, Any]:
    """Answer the resource owner password grant (RFC 6749 section 4.3).

    Raises:
        OAuthError: the client may not use it, or the user is not let in.
    """
    _check_client(grant.client)
    scope = grant.form.first("scope")
    check_scope(grant.server.realm, grant.client, scope)
    user = _user(grant)
    issue = log_in(grant.server, grant.client, user, scope)
    return token_reply(replace(issue, thumbprint=grant.thumbprint), refresh=True)


def _check_client(client: Client) -> None:
    if not client.direct_grants:
        raise OAuthError(
            "unauthorized_client", "Client not allowed for direct access grants"
        )
    if client.consent_required:
        raise OAuthError("invalid_client", "Client requires user consent")


def _user(grant: GrantRequest) -> User:
    name = grant.form.first("username")
    if name is None:
        raise OAuthError("invalid_request", "Missing parameter: username", status=401)
    user = grant.server.realm.user(name)
    if user is None or not password_matches(user, grant.form.first("password")):
        raise OAuthError("invalid_grant", "Invalid user credentials")
    if not user.enabled:
        raise OAuthError("invalid_grant", "Account disabled")
    if user.required_actions:
        raise OAuthError("invalid_grant", "Account is not fully set up")
    return user


def log_in(server: RealmServer, client: Client, user: User, scope: str | None) -> Issue:
    """Start a session of the user with the client and return what to issue."""
    session = server.sessions.start(user)
    server.sessions.join(session, client.client_id, scope)
    issue = Issue(
        server=server,
        client=client,
        user=user,
        session=session,
        scope=scope,
        grant=SHORTCUT,
    )
    session.offline = issue.offline
    return issue
