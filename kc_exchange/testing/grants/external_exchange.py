"""Exchange an identity provider's token for one of the realm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.testing.brokers import notes
from kc_exchange.testing.brokers.model import GITHUB, GOOGLE, KEYCLOAK, OIDC
from kc_exchange.testing.brokers.users import imported_user
from kc_exchange.testing.brokers.validation import Validation
from kc_exchange.testing.errors import OAuthError, failed
from kc_exchange.testing.grants.legacy_issue import issue_legacy, not_allowed
from kc_exchange.testing.permissions import may_exchange, provider_permission
from kc_exchange.testing.token_types import ACCESS

if TYPE_CHECKING:
    from kc_exchange.testing.brokers.model import ExternalIdentity, IdentityProvider
    from kc_exchange.testing.context import GrantRequest
    from kc_exchange.testing.grants.attempt import Attempt
    from kc_exchange.testing.model import Realm, User
    from kc_exchange.testing.sessions import UserSession

SEARCHED = (OIDC, KEYCLOAK)
EXCHANGING = (*SEARCHED, GOOGLE, GITHUB)


def external_exchange(
    grant: GrantRequest, attempt: Attempt, issuer: str
) -> dict[str, Any]:
    """Answer with tokens of the user whom the provider's token stands for.

    A user who is new here is made, and a session begun, even if the exchange is
    refused after that.

    Raises:
        OAuthError: the exchange is refused; error and text are Keycloak's.
    """
    provider = found_provider(grant.server.realm, issuer)
    names = provider_permission(provider)
    if not may_exchange(grant.server, grant.client, names):
        raise not_allowed("client not allowed to exchange subject_issuer")
    token = grant.form.first("subject_token") or ""
    kind = grant.form.first("subject_token_type") or ACCESS
    identity = Validation(grant.server, provider, attempt).run(token, kind)
    attempt.subject = identity.id
    user = imported_user(grant.server, provider, identity)
    attempt.user = user
    session = _session(grant, provider, identity, user)
    return issue_legacy(grant, attempt, user, session)


def found_provider(realm: Realm, issuer: str) -> IdentityProvider:
    """Return the provider of this alias, or the first one that has this issuer.

    Raises:
        OAuthError: there is none; or a disabled one is met first, on which Keycloak
            fails.
    """
    named = realm.providers.get(issuer)
    if named is not None and named.enabled and named.kind in EXCHANGING:
        return named
    for provider in realm.providers.values():
        if provider.kind not in SEARCHED:
            continue
        if not provider.enabled:
            raise failed()
        if issuer in (provider.alias, *provider.issuers):
            return provider
    raise OAuthError("invalid_issuer", "Invalid subject_issuer parameter")


def _session(
    grant: GrantRequest,
    provider: IdentityProvider,
    identity: ExternalIdentity,
    user: User,
) -> UserSession:
    session = grant.server.sessions.start(user)
    token = grant.form.first("subject_token") or ""
    session.notes |= {
        notes.EXCHANGED_BY: provider.alias,
        notes.EXTERNAL: provider.alias,
        notes.ACCESS_TOKEN: token,
    }
    if identity.from_id_token:
        session.notes[notes.ID_TOKEN] = token
    return session
