"""Answer legacy token exchange, version 1, check by check as Keycloak does.

It exchanges the user's own token, another user's whom that user may impersonate, an
identity provider's token for one of the realm, and one of the realm for a provider's.
Beyond the requester itself, the admin permissions of version 1 decide
(admin-fine-grained-authz:v1); without them nothing is allowed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.testing.brokers.signed_tokens import read_token
from kc_exchange.testing.errors import OAuthError, failed
from kc_exchange.testing.grants.external_exchange import external_exchange
from kc_exchange.testing.grants.legacy_issue import (
    issue_legacy,
    not_allowed,
)
from kc_exchange.testing.grants.provider_exchange import provider_exchange
from kc_exchange.testing.identity import Identity, identify
from kc_exchange.testing.permissions import client_may_impersonate, may_impersonate
from kc_exchange.testing.token_types import ACCESS, JWT

if TYPE_CHECKING:
    from kc_exchange.testing.context import GrantRequest
    from kc_exchange.testing.grants.attempt import Attempt
    from kc_exchange.testing.model import User
    from kc_exchange.testing.sessions import UserSession

Json = dict[str, Any]
Person = tuple["User | None", "UserSession | None"]


def legacy_exchange(grant: GrantRequest, attempt: Attempt) -> Json:
    """Answer what the standard exchange does not take.

    Raises:
        OAuthError: the exchange is refused; error and text are Keycloak's.
    """
    token = grant.form.first("subject_token")
    if token is not None:
        issuer = _issuer(grant, token)
        if issuer not in (None, grant.server.issuer):
            attempt.subject_issuer = issuer
            return external_exchange(grant, attempt, str(issuer))
        attempt.identity = _subject(grant, token)
    user, session = _person(grant, attempt)
    requested = grant.form.first("requested_issuer")
    if requested is None:
        return issue_legacy(grant, attempt, user, session)
    try:
        return provider_exchange(grant, requested, user, session)
    finally:
        if token is None and session is not None:
            grant.server.sessions.end(session.id)


def _issuer(grant: GrantRequest, token: str) -> str | None:
    """Return whose token it is said to be; a JWT may say it itself."""
    named = grant.form.first("subject_issuer")
    if named is not None or grant.form.first("subject_token_type") != JWT:
        return named
    read = read_token(token)
    claims = read.claims if read else None
    if claims is None:
        raise _wrong_type("unable to parse jwt subject_token")
    issuer = claims.get("iss")
    return issuer if isinstance(issuer, str) else None


def _subject(grant: GrantRequest, token: str) -> Identity:
    if grant.form.first("subject_token_type") not in (None, ACCESS):
        raise _wrong_type("subject_token supports access tokens only")
    identity = identify(grant.server, token)
    if identity is None:
        reason = "subject_token validation failure"
        raise OAuthError("invalid_request", "Invalid token", reason=reason)
    return identity


def _wrong_type(reason: str) -> OAuthError:
    said = "Invalid token type, must be access token"
    return OAuthError("invalid_request", said, reason=reason)


def _person(grant: GrantRequest, attempt: Attempt) -> Person:
    """Return whose token is asked for, and the session it belongs to."""
    requested, operator = grant.form.first("requested_subject"), attempt.identity
    if requested is None:
        return (operator.user, operator.session) if operator else (None, None)
    target = _requested_user(grant, requested)
    if target is None or not target.enabled:
        raise not_allowed("requested_subject not found")
    if operator is None:
        _check_client(grant, target)
        return target, grant.server.sessions.start(target)
    attempt.impersonator = operator.user.username
    if not may_impersonate(grant.server, operator, target, grant.client):
        raise not_allowed("subject not allowed to impersonate")
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


def _check_client(grant: GrantRequest, target: User) -> None:
    """Ask whether the client may impersonate on its own, without anybody's token.

    Where there are no admin permissions of version 1, Keycloak fails to ask them.
    """
    if grant.client.public:
        raise not_allowed("public clients not allowed")
    if not grant.server.features.admin_permissions:
        raise failed()
    if not client_may_impersonate(grant.server, grant.client, target):
        raise not_allowed("client not allowed to impersonate")
