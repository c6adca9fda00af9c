"""Issue tokens of a legacy exchange, for the requester or for another client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.testing.errors import OAuthError, failed
from kc_exchange.testing.grants.standard_exchange import targets, unsupported_type
from kc_exchange.testing.identity import audience_list
from kc_exchange.testing.permissions import client_permission, may_exchange
from kc_exchange.testing.replies import token_reply
from kc_exchange.testing.scopes import words
from kc_exchange.testing.token_types import ACCESS, REFRESH, SAML2
from kc_exchange.testing.tokens import Issue, access_claims, audience_claim

if TYPE_CHECKING:
    from kc_exchange.testing.context import GrantRequest
    from kc_exchange.testing.grants.attempt import Attempt
    from kc_exchange.testing.identity import Identity
    from kc_exchange.testing.model import Client, User
    from kc_exchange.testing.sessions import UserSession

Json = dict[str, Any]

SHORTCUT = "na"
USES_REFRESH_TOKENS = "use.refresh.tokens"


def not_allowed(
    reason: str, said: str = "Client not allowed to exchange"
) -> OAuthError:
    """Return the refusal of what a client or a user may not do."""
    return OAuthError("access_denied", said, status=403, reason=reason)


def issue_legacy(
    grant: GrantRequest,
    attempt: Attempt,
    user: User | None,
    session: UserSession | None,
) -> Json:
    """Answer with tokens of the user, for the first client of the audience.

    Raises:
        OAuthError: the exchange is refused; error and text are Keycloak's.
    """
    wanted = _wanted(grant)
    clients = targets(grant)
    for target in clients:
        _check_target(grant, attempt, target)
    if user is None or session is None:
        raise failed()
    if wanted == SAML2:
        said = "Client requires assertion consumer url set up"
        raise OAuthError("invalid_client", said)
    issue = _issue(grant, attempt, clients[0], user, session)
    return _reply(grant, attempt, issue, wanted)


def _wanted(grant: GrantRequest) -> str:
    wanted = grant.form.first("requested_token_type") or REFRESH
    if wanted not in (ACCESS, REFRESH, SAML2):
        raise unsupported_type()
    return wanted


def _check_target(grant: GrantRequest, attempt: Attempt, target: Client) -> None:
    client, identity = grant.client, attempt.identity
    if target.consent_required:
        said = "Client requires user consent"
        raise OAuthError("invalid_client", said, reason="audience requires consent")
    if not target.enabled:
        said = "Client disabled"
        raise OAuthError("invalid_client", said, reason="audience client disabled")
    if client.public:
        _check_holder(client, attempt)
    if target is not client:
        _check_permission(grant, target)
    elif not client.public and identity is not None:
        _check_audience(client, identity)


def _check_holder(client: Client, attempt: Attempt) -> None:
    """A token of a provider has no holder here, so any client may send it."""
    if attempt.subject_issuer is not None:
        return
    identity = attempt.identity
    if identity is None or identity.client_id != client.client_id:
        said = "Client is not the holder of the token"
        raise not_allowed("client is not the token holder", said)


def _check_permission(grant: GrantRequest, target: Client) -> None:
    names = client_permission(target)
    if not may_exchange(grant.server, grant.client, names):
        raise not_allowed("client not allowed to exchange to audience")


def _check_audience(client: Client, identity: Identity) -> None:
    if client.client_id not in (identity.client_id, *identity.audience):
        reason = "client is not within the token audience"
        raise not_allowed(reason, reason.capitalize())


def _issue(
    grant: GrantRequest,
    attempt: Attempt,
    target: Client,
    user: User,
    session: UserSession,
) -> Issue:
    scope = _scope(grant, attempt.identity, target)
    for client in dict.fromkeys((target.client_id, grant.client.client_id)):
        joined = session.clients.get(client)
        if joined is None:
            grant.server.sessions.join(session, client, scope)
        elif client == target.client_id:
            joined.scope = scope
    return Issue(
        server=grant.server,
        client=target,
        requester=grant.client,
        user=user,
        session=session,
        scope=scope,
        grant=SHORTCUT,
        session_kind="tr" if session.transient else "on",
        thumbprint=grant.thumbprint,
    )


def _scope(
    grant: GrantRequest, identity: Identity | None, target: Client
) -> str | None:
    """Return the scope: never more than the subject token's, nor than the target's."""
    asked = grant.form.first("scope")
    held = identity.claims.get("scope") if identity else None
    if held is None:
        return asked
    wanted = words(held) if asked is None else words(asked)
    known = {"openid", *target.default_scopes, *target.optional_scopes}
    return " ".join(w for w in wanted if w in words(held) and w in known)


def _reply(grant: GrantRequest, attempt: Attempt, issue: Issue, wanted: str) -> Json:
    attempt.claims = access_claims(issue)
    if issue.client is not grant.client:
        audience = [*audience_list(attempt.claims), issue.client.client_id]
        attempt.claims["aud"] = audience_claim(list(dict.fromkeys(audience)))
    if grant.form.first("requested_subject") is not None:
        issue.session.notes["IMPERSONATOR_CLIENT"] = grant.client.id
    refresh = (
        wanted == REFRESH
        and grant.client.on(USES_REFRESH_TOKENS, default=True)
        and not issue.session.transient
    )
    openid = "openid" in words(issue.scope)
    reply = token_reply(issue, attempt.claims, refresh=refresh, identity=openid)
    return reply | {"issued_token_type": REFRESH if refresh else ACCESS}
