"""Answer the client credentials grant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.testing.errors import OAuthError
from kc_exchange.testing.replies import token_reply
from kc_exchange.testing.scopes import check_scope
from kc_exchange.testing.tokens import Issue

if TYPE_CHECKING:
    from kc_exchange.testing.context import GrantRequest
    from kc_exchange.testing.model import Client, User

LOOPBACK = "127.0.0.1"


def client_credentials(grant: GrantRequest) -> dict[str, Any]:
    """Answer the client credentials grant (RFC 6749 section 4.4).

    Raises:
        OAuthError: the client has no service account or may not use it.
    """
    server, client = grant.server, grant.client
    _check_client(client)
    user = _account(grant)
    scope = grant.form.first("scope")
    check_scope(server.realm, client, scope)
    session = server.sessions.start(user, transient=True)
    session.notes |= {
        "client_id": client.client_id,
        "clientHost": LOOPBACK,
        "clientAddress": LOOPBACK,
    }
    issue = Issue(
        server=server,
        client=client,
        user=user,
        session=session,
        scope=scope,
        grant="cc",
        session_kind="tr",
        thumbprint=grant.thumbprint,
    )
    return token_reply(issue, refresh=False)


def _check_client(client: Client) -> None:
    if client.public:
        raise _refusal("Public client not allowed to retrieve service account")
    if not client.service_accounts:
        raise _refusal("Client not enabled to retrieve service account")


def _refusal(description: str) -> OAuthError:
    return OAuthError("unauthorized_client", description, status=401)


def _account(grant: GrantRequest) -> User:
    user = grant.server.realm.service_account(grant.client)
    if user is None:
        raise OAuthError(
            "invalid_request",
            "The associated service account for the client does not exist",
            status=401,
        )
    if not user.enabled:
        raise OAuthError(
            "invalid_request", f"User '{user.username}' disabled", status=401
        )
    return user
