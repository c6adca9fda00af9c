"""Lead a token exchange to the provider that answers it, and record how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.testing.errors import OAuthError
from kc_exchange.testing.grants.attempt import Attempt
from kc_exchange.testing.grants.legacy_exchange import legacy_exchange
from kc_exchange.testing.grants.standard_exchange import refused_by, standard_exchange
from kc_exchange.testing.records import ExchangeRecord

if TYPE_CHECKING:
    from kc_exchange.testing.context import GrantRequest

Json = dict[str, Any]


def token_exchange(grant: GrantRequest) -> Json:
    """Answer a token exchange and record how it ended.

    The standard exchange comes first; what it does not take goes to the legacy one,
    where the server has that feature.

    Raises:
        OAuthError: the exchange is refused; error and text are Keycloak's.
    """
    attempt = Attempt()
    try:
        reply = _exchange(grant, attempt)
    except OAuthError as refusal:
        _record(grant, attempt, refusal)
        raise
    _record(grant, attempt, None)
    return reply


def _exchange(grant: GrantRequest, attempt: Attempt) -> Json:
    reason = refused_by(grant)
    if reason is None:
        return standard_exchange(grant, attempt)
    if grant.server.features.legacy_exchange:
        return legacy_exchange(grant, attempt)
    raise OAuthError("invalid_request", reason)


def _record(grant: GrantRequest, attempt: Attempt, refusal: OAuthError | None) -> None:
    form, identity = grant.form, attempt.identity
    claims, user = attempt.claims, identity.user if identity else attempt.user
    grant.server.ledger.add(
        ExchangeRecord(
            realm=grant.server.realm.name,
            client=grant.client.client_id,
            audience=form.every("audience"),
            scope=form.first("scope"),
            subject=identity.user.id if identity else attempt.subject,
            username=user.username if user else None,
            requested_token_type=form.first("requested_token_type"),
            outcome="refused" if refusal else "granted",
            error=refusal.error if refusal else None,
            description=refusal.description if refusal else None,
            reason=refusal.reason if refusal else None,
            requested_subject=form.first("requested_subject"),
            requested_issuer=form.first("requested_issuer"),
            subject_issuer=attempt.subject_issuer,
            validation_method=attempt.validation_method,
            impersonator=attempt.impersonator,
            session_id=claims.get("sid"),
            token_id=claims.get("jti"),
        )
    )
