"""What Keycloak says to those who go other ways than the standard exchange."""

from __future__ import annotations

from kc_exchange.exchange.broker_refusals import BROKER_ROWS
from kc_exchange.exchange.impersonation_refusals import ROWS as IMPERSONATION_ROWS
from kc_exchange.exchange.jwt_grant_refusals import JWT_GRANT_ROWS
from kc_exchange.exchange.linked_refusals import LINKED_ROWS
from tests.doctor.said import Said, bad

_ALONE = "is not supported for standard token exchange"

IMPERSONATION = tuple(
    said._replace(rows=IMPERSONATION_ROWS)
    for said in (
        bad(f"Parameter 'requested_subject' {_ALONE}", "legacy_off"),
        bad("Invalid token", "subject_rejected"),
        Said(
            403,
            "access_denied",
            "Client not allowed to exchange",
            "impersonation_refused",
        ),
        bad(
            "Client requires user consent",
            "impersonator_asks_consent",
            "invalid_client",
        ),
        Said(
            403,
            "access_denied",
            "Client is not within the token audience",
            "requester_not_in_audience",
        ),
        Said(500, "unknown_error", "", "server_failed"),
    )
)
BROKERED = tuple(
    said._replace(rows=BROKER_ROWS)
    for said in (
        bad(f"Parameter 'subject_issuer' {_ALONE}", "legacy_off"),
        bad("Invalid subject_issuer parameter", "provider_unknown", "invalid_issuer"),
        Said(
            403,
            "access_denied",
            "Client not allowed to exchange",
            "provider_permission_missing",
        ),
        bad("invalid token", "external_rejected", "invalid_token"),
        bad("invalid token type", "external_type_refused", "invalid_token"),
        bad("token type not supported", "external_typ_missing", "invalid_token"),
        bad("User already exists", "user_exists", "invalid_token"),
        bad("Invalid Token", "user_shut_out", "invalid_token"),
        bad("Invalid server config", "provider_without_key", "invalid_config"),
        Said(500, "unknown_error", "", "provider_failed"),
    )
)
LINKED = tuple(
    said._replace(rows=LINKED_ROWS)
    for said in (
        bad(f"Parameter 'requested_issuer' {_ALONE}", "legacy_off"),
        bad("Invalid issuer", "provider_unknown"),
        bad("Issuer does not support token exchange", "provider_gives_no_tokens"),
        Said(
            403,
            "access_denied",
            "Client not allowed to exchange",
            "provider_permission_missing",
        ),
        bad("identity provider is not linked", "not_linked", "not_linked"),
        bad(
            "identity provider is not linked, can only link to current user session",
            "not_linked",
            "not_linked",
        ),
        bad("linked token is expired", "linked_token_over", "token_expired"),
        bad("response_token_type_unsupported", "linked_type_refused", "invalid_target"),
    )
)
GRANTED = tuple(
    Said(400, "invalid_grant", description, code, JWT_GRANT_ROWS)
    for description, code in (
        (
            "JWT Authorization Grant is not supported for the requested client",
            "jwt_grant_off",
        ),
        ("Public client not allowed to use authorization grant", "requester_public"),
        ("No Identity Provider for provided issuer", "jwt_grant_no_provider"),
        ("Identity Provider is not enabled", "provider_disabled"),
        (
            "Identity Provider is not allowed for the client",
            "jwt_grant_provider_not_allowed",
        ),
        (
            "Identity Provider is not configured for JWT Authorization Grant",
            "jwt_grant_provider_off",
        ),
        (
            "JWT Authorization Granted is not enabled for the identity provider",
            "jwt_grant_provider_off",
        ),
        ("Invalid signature", "assertion_signature"),
        ("Invalid signature algorithm", "assertion_signature"),
        ("Invalid token audience", "assertion_audience"),
        ("Multiple audiences not allowed", "assertion_audience_wide"),
        ("Token was issued in the future", "assertion_clock"),
        ("Token is not active", "assertion_clock"),
        ("Token was issued too far in the past to be used now", "assertion_clock"),
        (
            "Token expiration is too far in the future and iat claim",
            "assertion_too_long",
        ),
        ("Token reuse detected", "assertion_reused"),
        ("User not found", "user_not_linked"),
        ("User is not enabled", "user_disabled_there"),
        ("Account is not fully set up", "user_has_actions"),
        ("Something that a later release says", "assertion_refused"),
    )
)
