"""What Keycloak says, as its sources and its answers have it, and what it means.

Rows that no project can cause are left out: no `grant_type`, a parameter twice or of
another name, a refresh token or SAML asked for, an assertion that is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kc_exchange.exchange.rows import Row

_NO_CLIENT = "Invalid client or Invalid client credentials"
_SIGNED = "Client authentication with signed JWT failed: Signature on JWT token failed"


class Said(NamedTuple):
    """One answer, and the code of its finding."""

    status: int
    error: str
    description: str
    code: str
    rows: tuple[Row, ...] = ()


def bad(description: str, code: str, error: str = "invalid_request") -> Said:
    """Return an answer with 400."""
    return Said(400, error, description, code)


STANDARD = (
    Said(400, "unsupported_grant_type", "Unsupported grant_type", "exchange_off"),
    Said(403, "invalid_request", "HTTPS required", "https_required"),
    Said(403, "access_denied", "Realm not enabled", "realm_disabled"),
    Said(401, "unauthorized_client", _NO_CLIENT, "secret_wrong"),
    Said(401, "invalid_client", _NO_CLIENT, "client_unknown"),
    bad("Bearer-only not allowed", "client_bearer_only", "invalid_client"),
    bad(
        "The size of OIDC parameter 'subject_token' is longer than allowed.",
        "token_too_long",
    ),
    bad(
        "Standard token exchange is not enabled for the requested client", "switch_off"
    ),
    bad(
        "Parameter 'subject_token' supports access tokens only",
        "subject_not_access_token",
    ),
    bad("Invalid token", "subject_rejected"),
    bad(
        "Sender-constrained token exchange rejected as the token was not issued for "
        "the requesting client",
        "subject_bound",
    ),
    bad(
        "Sender-constrained tokens are not supported as subject_token. Use a Bearer "
        "token instead.",
        "subject_bound",
    ),
    bad(
        "Client certificate missing, or its thumbprint and one in the token did NOT "
        "match",
        "subject_bound_to_certificate",
    ),
    bad("DPoP proof is missing", "proof_missing"),
    bad("DPoP confirmation doesn't match DPoP proof", "proof_missing"),
    bad("DPoP proof is not active", "clock_differs"),
    bad("DPoP HTTP URL mismatch", "proof_address"),
    bad("Unsupported DPoP algorithm: EdDSA", "proof_algorithm"),
    bad("", "proof_refused", "invalid_dpop_proof"),
    bad("", "proof_refused", "use_dpop_nonce"),
    bad("Audience not found", "audience_unknown", "invalid_client"),
    bad("Client disabled", "audience_disabled", "invalid_client"),
    bad(
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
    bad("Invalid scopes: orders:read", "scope_unknown", "invalid_scope"),
    bad("Requested audience not available: orders-api", "audience_not_available"),
    bad(
        "Missing consents for Token Exchange in client django-app",
        "consent_missing",
        "invalid_scope",
    ),
    bad(
        "Scopes [orders:read] not present in the initial access token [openid]",
        "scope_not_in_subject",
        "invalid_scope",
    ),
    bad("Request not allowed", "policy_refuses"),
    Said(400, "some_policy", "no", "policy_refuses"),
)
CLIENT = (
    bad("Wrong client protocol.", "client_not_oidc", "invalid_client"),
    bad(
        "Parameter client_assertion_type is missing",
        "authenticator_differs",
        "invalid_client",
    ),
    bad("Missing client_id parameter", "authenticator_differs", "invalid_client"),
    Said(
        401,
        "unauthorized_client",
        "Invalid method used to get client secret. Client requires method "
        "'client_secret_post' to obtain client secret from the request",
        "secret_method_differs",
    ),
    bad("Unable to load public key", "key_unknown", "invalid_client"),
    bad(f"{_SIGNED} validation", "key_differs", "invalid_client"),
    bad("Invalid signature algorithm", "key_differs", "invalid_client"),
    bad("Invalid token audience", "client_assertion_audience", "invalid_client"),
    bad("Token is not active", "clock_differs", "invalid_client"),
    bad("Token was issued in the future", "clock_differs", "invalid_client"),
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
    bad("Invalid token type, must be access token", "subject_not_access_token"),
    Said(403, "access_denied", "Client not allowed to exchange", "legacy_refuses"),
    Said(
        403,
        "access_denied",
        "Client is not the holder of the token",
        "requester_not_holder",
    ),
    bad("Client requires user consent", "audience_asks_consent", "invalid_client"),
    Said(500, "unknown_error", "For more on this error", "server_failed"),
)
