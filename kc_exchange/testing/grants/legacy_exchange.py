"""Answer legacy token exchange, version 1, check by check as Keycloak does.

Without the admin permissions of version 1 (admin-fine-grained-authz:v1) it issues
tokens for the requester alone: of the subject token's user, or of another user whom
that user may impersonate. No identity provider is known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt

from kc_exchange.testing.errors import OAuthError
from kc_exchange.testing.grants.standard_exchange import (
    ACCESS,
    REFRESH,
    TOKEN_TYPE,
    targets,
    unsupported_type,
)
from kc_exchange.testing.identity import Identity, identify
from kc_exchange.testing.permissions import may_impersonate
from kc_exchange.testing.replies import token_reply
from kc_exchange.testing.scopes import words
from kc_exchange.testing.tokens import Issue, access_claims

if TYPE_CHECKING:
    from kc_exchange.testing.context import GrantRequest
    from kc_exchange.testing.grants.attempt import Attempt
    from kc_exchange.testing.model import Client, User
    from kc_exchange.testing.sessions import UserSession

Json = dict[str, Any]

SAML2 = f"{TOKEN_TYPE}saml2"
JWT = f"{TOKEN_TYPE}jwt"
SHORTCUT = "na"
USES_REFRESH_TOKENS = "use.refresh.tokens"


def legacy_exchange(grant: GrantRequest, attempt: Attempt) -> Json:
    """Answer what the standard exchange does not take.

    Raises:
        OAuthError: the exchange is refused; error and text are Keycloak's.
    """
    if grant.form.first("subject_token") is not None:
        attempt.identity = _subject(grant)
    user, session = _person(grant, attempt)
    if grant.form.first("requested_issuer") is not None:
        raise _bad("Invalid issuer", reason="unknown requested_issuer")
    wanted = grant.form.first("requested_token_type") or REFRESH
    if wanted not in (ACCESS, REFRESH, SAML2):
        raise unsupported_type()
    for target in targets(grant):
        _check_target(grant, target, attempt.identity)
    if user is None or session is None:
        raise _failed()
    if wanted == SAML2:
        said = "Client requires assertion consumer url set up"
        raise OAuthError("invalid_client", said)
    return _reply(grant, attempt, _issue(grant, attempt, user, session), wanted)


def _bad(description: str, *, reason: str) -> OAuthError:
    return OAuthError("invalid_request", description, reason=reason)


def _forbidden(reason: str) -> OAuthError:
    said = "Client not allowed to exchange"
    return OAuthError("access_denied", said, status=403, reason=reason)


def _failed() -> OAuthError:
    """Keycloak fails on these requests, and does not say more."""
    said = "For more on this error consult the server log."
    return OAuthError("unknown_error", said, status=500)


def _subject(grant: GrantRequest) -> Identity:
    token = grant.form.first("subject_token") or ""
    kind = grant.form.first("subject_token_type")
    issuer = grant.form.first("subject_issuer")
    if issuer is None and kind == JWT:
        issuer = _issuer(token)
    if issuer not in (None, grant.server.issuer):
        raise OAuthError("invalid_issuer", "Invalid subject_issuer parameter")
    if kind not in (None, ACCESS):
        raise _wrong_type("subject_token supports access tokens only")
    identity = identify(grant.server, token)
    if identity is None:
        raise _bad("Invalid token", reason="subject_token validation failure")
    return identity


def _issuer(token: str) -> str | None:
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise _wrong_type("unable to parse jwt subject_token") from None
    issuer = claims.get("iss")
    return issuer if isinstance(issuer, str) else None


def _wrong_type(reason: str) -> OAuthError:
    return _bad("Invalid token type, must be access token", reason=reason)


def _person(
    grant: GrantRequest, attempt: Attempt
) -> tuple[User | None, UserSession | None]:
    """Return whose token is asked for, and the session it belongs to."""
    requested, operator = grant.form.first("requested_subject"), attempt.identity
    if requested is None:
        return (operator.user, operator.session) if operator else (None, None)
    target = _requested_user(grant, requested)
    if target is None or not target.enabled:
        raise _forbidden("requested_subject not found")
    if operator is None:
        raise _naked(grant.client)
    attempt.impersonator = operator.user.username
    if not may_impersonate(grant.server.realm, operator, target):
        raise _forbidden("subject not allowed to impersonate")
    session = grant.server.sessions.start(target)
    session.notes |= {
        "IMPERSONATOR_ID": operator.user.id,
        "IMPERSONATOR_USERNAME": operator.user.username,
    }
    return target, session


def _requested_user(grant: GrantRequest, requested: str) -> User | None:
    """Return the user of this name, or else of this id: as Keycloak asks."""
    users = grant.server.realm.users
    named = (user for user in users.values() if user.username == requested.lower())
    return next(named, None) or users.get(requested)


def _naked(client: Client) -> OAuthError:
    """Without a subject token, Keycloak asks permissions that are not there."""
    return _forbidden("public clients not allowed") if client.public else _failed()


def _check_target(
    grant: GrantRequest, target: Client, identity: Identity | None
) -> None:
    client = grant.client
    if target.consent_required:
        said = "Client requires user consent"
        raise OAuthError("invalid_client", said, reason="audience requires consent")
    if not target.enabled:
        said = "Client disabled"
        raise OAuthError("invalid_client", said, reason="audience client disabled")
    holder = identity.client_id if identity else None
    if client.public and holder != client.client_id:
        said = "Client is not the holder of the token"
        reason = "client is not the token holder"
        raise OAuthError("access_denied", said, status=403, reason=reason)
    if target is not client:
        raise _forbidden("client not allowed to exchange to audience")
    known = identity is None or client.client_id in (holder, *identity.audience)
    if not known:
        said = "Client is not within the token audience"
        reason = "client is not within the token audience"
        raise OAuthError("access_denied", said, status=403, reason=reason)


def _issue(
    grant: GrantRequest, attempt: Attempt, user: User, session: UserSession
) -> Issue:
    scope = _scope(grant, attempt.identity)
    joined = session.clients.get(grant.client.client_id)
    if joined is None:
        grant.server.sessions.join(session, grant.client.client_id, scope)
    else:
        joined.scope = scope
    return Issue(
        server=grant.server,
        client=grant.client,
        user=user,
        session=session,
        scope=scope,
        grant=SHORTCUT,
        session_kind="tr" if session.transient else "on",
        thumbprint=grant.thumbprint,
    )


def _scope(grant: GrantRequest, identity: Identity | None) -> str | None:
    """Return the scope: never more than the subject token's, nor than the client's."""
    asked = grant.form.first("scope")
    held = identity.claims.get("scope") if identity else None
    if held is None:
        return asked
    wanted = words(held) if asked is None else words(asked)
    client = grant.client
    known = {"openid", *client.default_scopes, *client.optional_scopes}
    return " ".join(w for w in wanted if w in words(held) and w in known)


def _reply(grant: GrantRequest, attempt: Attempt, issue: Issue, wanted: str) -> Json:
    attempt.claims = access_claims(issue)
    if attempt.impersonator is not None:
        issue.session.notes["IMPERSONATOR_CLIENT"] = grant.client.id
    refresh = (
        wanted == REFRESH
        and grant.client.on(USES_REFRESH_TOKENS, default=True)
        and not issue.session.transient
    )
    openid = "openid" in words(issue.scope)
    reply = token_reply(issue, attempt.claims, refresh=refresh, identity=openid)
    return reply | {"issued_token_type": REFRESH if refresh else ACCESS}
