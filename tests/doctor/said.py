"""What Keycloak says, as its sources and its answers have it, and what it means.

Rows that no project can cause are left out: no `grant_type`, a parameter twice or of
another name, a refresh token or SAML asked for, an assertion that is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kc_exchange.exchange.broker_refusals import BROKER_ROWS
from kc_exchange.exchange.impersonation_refusals import ROWS as IMPERSONATION_ROWS
from kc_exchange.exchange.jwt_grant_refusals import JWT_GRANT_ROWS
from kc_exchange.exchange.linked_refusals import LINKED_ROWS

if TYPE_CHECKING:
    from kc_exchange.exchange.rows import Row

_NO_CLIENT = "Invalid client or Invalid client credentials"
_ALONE = "is not supported for standard token exchange"
_SIGNED = "Client authentication with signed JWT failed: Signature on JWT token failed"


class Said(NamedTuple):
    """One answer, and the code of its finding."""

    status: int
    error: str
    description: str
    code: str
    rows: tuple[Row, ...] = ()


def _bad(description: str, code: str, error: str = "invalid_request") -> Said:
    return Said(400, error, description, code)


STANDARD = (
    Said(400, "unsupported_grant_type", "Unsupported grant_type", "exchange_off"),
    Said(403, "invalid_request", "HTTPS required", "https_required"),
    Said(403, "access_denied", "Realm not enabled", "realm_disabled"),
    Said(401, "unauthorized_client", _NO_CLIENT, "secret_wrong"),
    Said(401, "invalid_client", _NO_CLIENT, "client_unknown"),
    _bad("Bearer-only not allowed", "client_bearer_only", "invalid_client"),
    _bad(
        "The size of OIDC parameter 'subject_token' is longer than allowed.",
        "token_too_long",
    ),
    _bad(
        "Standard token exchange is not enabled for the requested client", "switch_off"
    ),
    _bad(
        "Parameter 'subject_token' supports access tokens only",
        "subject_not_access_token",
    ),
    _bad("Invalid token", "subject_rejected"),
    _bad(
        "Sender-constrained token exchange rejected as the token was not issued for "
        "the requesting client",
        "subject_bound",
    ),
    _bad(
        "Sender-constrained tokens are not supported as subject_token. Use a Bearer "
        "token instead.",
        "subject_bound",
    ),
    _bad(
        "Client certificate missing, or its thumbprint and one in the token did NOT "
        "match",
        "subject_bound_to_certificate",
    ),
    _bad("DPoP proof is missing", "proof_missing"),
    _bad("DPoP confirmation doesn't match DPoP proof", "proof_missing"),
    _bad("Audience not found", "audience_unknown", "invalid_client"),
    _bad("Client disabled", "audience_disabled", "invalid_client"),
    _bad(
        "Public client is not allowed to exchange token",
        "requester_public",
        "invalid_client",
    ),
    Said(
        403,
        "access_denied",
        "Client is not within the token audience",
        "requester_not_in_audience",
    ),
    _bad("Invalid scopes: orders:read", "scope_unknown", "invalid_scope"),
    _bad("Requested audience not available: orders-api", "audience_not_available"),
    _bad(
        "Missing consents for Token Exchange in client django-app",
        "consent_missing",
        "invalid_scope",
    ),
    _bad(
        "Scopes [orders:read] not present in the initial access token [openid]",
        "scope_not_in_subject",
        "invalid_scope",
    ),
    _bad("Request not allowed", "policy_refuses"),
    Said(400, "some_policy", "no", "policy_refuses"),
)
CLIENT = (
    _bad("Wrong client protocol.", "client_not_oidc", "invalid_client"),
    _bad(
        "Parameter client_assertion_type is missing",
        "authenticator_differs",
        "invalid_client",
    ),
    _bad("Missing client_id parameter", "authenticator_differs", "invalid_client"),
    Said(
        401,
        "unauthorized_client",
        "Invalid method used to get client secret. Client requires method "
        "'client_secret_post' to obtain client secret from the request",
        "secret_method_differs",
    ),
    _bad("Unable to load public key", "key_unknown", "invalid_client"),
    _bad(f"{_SIGNED} validation", "key_differs", "invalid_client"),
    _bad("Invalid signature algorithm", "key_differs", "invalid_client"),
    _bad("Invalid token audience", "client_assertion_audience", "invalid_client"),
    _bad("Token is not active", "clock_differs", "invalid_client"),
    _bad("Token was issued in the future", "clock_differs", "invalid_client"),
    Said(
        401,
        "unauthorized_client",
        "Client not enabled to retrieve service account",
        "service_account_off",
    ),
    Said(
        401,
        "unauthorized_client",
        "Public client not allowed to retrieve service account",
        "requester_public",
    ),
)
LEGACY = (
    _bad("Invalid token type, must be access token", "subject_not_access_token"),
    Said(403, "access_denied", "Client not allowed to exchange", "legacy_refuses"),
    Said(
        403,
        "access_denied",
        "Client is not the holder of the token",
        "requester_not_holder",
    ),
    _bad("Client requires user consent", "audience_asks_consent", "invalid_client"),
    Said(500, "unknown_error", "For more on this error", "server_failed"),
)
IMPERSONATION = tuple(
    said._replace(rows=IMPERSONATION_ROWS)
    for said in (
        _bad(f"Parameter 'requested_subject' {_ALONE}", "legacy_off"),
        _bad("Invalid token", "subject_rejected"),
        Said(
            403,
            "access_denied",
            "Client not allowed to exchange",
            "impersonation_refused",
        ),
        _bad(
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
        _bad(f"Parameter 'subject_issuer' {_ALONE}", "legacy_off"),
        _bad("Invalid subject_issuer parameter", "provider_unknown", "invalid_issuer"),
        Said(
            403,
            "access_denied",
            "Client not allowed to exchange",
            "provider_permission_missing",
        ),
        _bad("invalid token", "external_rejected", "invalid_token"),
        _bad("invalid token type", "external_type_refused", "invalid_token"),
        _bad("token type not supported", "external_typ_missing", "invalid_token"),
        _bad("User already exists", "user_exists", "invalid_token"),
        _bad("Invalid Token", "user_shut_out", "invalid_token"),
        _bad("Invalid server config", "provider_without_key", "invalid_config"),
        Said(500, "unknown_error", "", "provider_failed"),
    )
)
LINKED = tuple(
    said._replace(rows=LINKED_ROWS)
    for said in (
        _bad(f"Parameter 'requested_issuer' {_ALONE}", "legacy_off"),
        _bad("Invalid issuer", "provider_unknown"),
        _bad("Issuer does not support token exchange", "provider_gives_no_tokens"),
        Said(
            403,
            "access_denied",
            "Client not allowed to exchange",
            "provider_permission_missing",
        ),
        _bad("identity provider is not linked", "not_linked", "not_linked"),
        _bad(
            "identity provider is not linked, can only link to current user session",
            "not_linked",
            "not_linked",
        ),
        _bad("linked token is expired", "linked_token_over", "token_expired"),
        _bad(
            "response_token_type_unsupported", "linked_type_refused", "invalid_target"
        ),
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
ALL = (
    *STANDARD,
    *CLIENT,
    *LEGACY,
    *IMPERSONATION,
    *BROKERED,
    *LINKED,
    *GRANTED,
)
