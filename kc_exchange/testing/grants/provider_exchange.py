"""Exchange a token of the realm for one of an identity provider."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import uuid4

from kc_exchange.testing.brokers import notes
from kc_exchange.testing.brokers.kept_tokens import KeptTokens, Unusable
from kc_exchange.testing.brokers.model import ASSERTIONS
from kc_exchange.testing.errors import OAuthError, failed
from kc_exchange.testing.grants.external_exchange import EXCHANGING
from kc_exchange.testing.grants.legacy_issue import not_allowed
from kc_exchange.testing.keys import b64url
from kc_exchange.testing.permissions import may_exchange, provider_permission
from kc_exchange.testing.token_types import ACCESS, ID

if TYPE_CHECKING:
    from kc_exchange.testing.brokers.model import IdentityProvider
    from kc_exchange.testing.context import GrantRequest
    from kc_exchange.testing.model import User
    from kc_exchange.testing.sessions import UserSession

Json = dict[str, Any]

EMPTY: Json = {"expires_in": 0, "refresh_expires_in": 0, "not-before-policy": 0}


def provider_exchange(
    grant: GrantRequest, alias: str, user: User | None, session: UserSession | None
) -> Json:
    """Answer with the provider's token that the user's session or account keeps.

    Raises:
        OAuthError: the exchange is refused; error and text are Keycloak's.
    """
    provider = _provider(grant, alias)
    names = provider_permission(provider)
    if not may_exchange(grant.server, grant.client, names):
        raise not_allowed("client not allowed to exchange for requested_issuer")
    if user is None or session is None:
        raise failed()
    wanted = grant.form.first("requested_token_type") or ACCESS
    found = _exchanged(provider, session, wanted)
    if found is not None:
        return found
    if wanted != ACCESS:
        said, reason = (
            "response_token_type_unsupported",
            "requested_token_type unsupported",
        )
        raise OAuthError("invalid_target", said, reason=reason)
    link = _linking_url(grant, provider, session)
    try:
        reply = KeptTokens(grant.server, provider, user, session).current()
    except Unusable as refusal:
        more = {"account-link-url": link}
        raise OAuthError(
            refusal.error, refusal.description, reason=refusal.reason, more=more
        ) from None
    return {**EMPTY, **reply, "issued_token_type": ACCESS, "account-link-url": link}


def _provider(grant: GrantRequest, alias: str) -> IdentityProvider:
    provider = grant.server.realm.providers.get(alias)
    if provider is None:
        said, reason = "Invalid issuer", "unknown requested_issuer"
        raise OAuthError("invalid_request", said, reason=reason)
    if not provider.enabled or provider.kind == ASSERTIONS:
        raise failed()
    if provider.kind not in EXCHANGING:
        said = "Issuer does not support token exchange"
        reason = "exchange unsupported by requested_issuer"
        raise OAuthError("invalid_request", said, reason=reason)
    return provider


def _exchanged(
    provider: IdentityProvider, session: UserSession, wanted: str
) -> Json | None:
    """Return the token itself that an external exchange began the session with.

    It is given back as the access token whatever it is.
    """
    if session.notes.get(notes.EXCHANGED_BY) != provider.alias:
        return None
    if wanted == ACCESS:
        token = session.notes[notes.ACCESS_TOKEN]
        return {**EMPTY, "access_token": token, "issued_token_type": ACCESS}
    if wanted == ID and notes.ID_TOKEN in session.notes:
        token = session.notes[notes.ID_TOKEN]
        return {**EMPTY, "id_token": token, "issued_token_type": ID}
    return None


def _linking_url(
    grant: GrantRequest, provider: IdentityProvider, session: UserSession
) -> str:
    """Return where the user's browser links the account (Keycloak's broker link)."""
    nonce, client_id = str(uuid4()), grant.client.client_id
    text = nonce + session.id + client_id + provider.alias
    digest = b64url(hashlib.sha256(text.encode()).digest())
    query = urlencode({"nonce": nonce, "hash": digest, "client_id": client_id})
    return f"{grant.server.issuer}/broker/{provider.alias}/link?{query}"
