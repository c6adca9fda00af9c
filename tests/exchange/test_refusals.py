"""What each of Keycloak's refusals means: its table, row by row."""

from __future__ import annotations

import pytest

from kc_exchange import exceptions as e
from kc_exchange.conf import Realm
from kc_exchange.exchange.broker_refusals import BROKER_ROWS
from kc_exchange.exchange.impersonation_refusals import REVOCATION_ROWS
from kc_exchange.exchange.impersonation_refusals import ROWS as IMPERSONATION_ROWS
from kc_exchange.exchange.jwt_grant_refusals import JWT_GRANT_ROWS
from kc_exchange.exchange.linked_refusals import LINKED_ROWS
from kc_exchange.exchange.refusals import OF_EVERY_GRANT, refusal
from kc_exchange.exchange.rows import Asked, Row

REALM = Realm(alias="default", issuer="https://id.example/realms/a", client_id="app")
ORDERS = Asked("orders-api")
INVALID = "Invalid client or Invalid client credentials"
ALONE = "is not supported for standard token exchange"
NEEDED = "required for standard token exchange"

KEYCLOAK: list[tuple[int, str, str, type[e.ExchangeError]]] = [
    (
        400,
        "invalid_request",
        "Missing form parameter: grant_type",
        e.ExchangeMisconfigured,
    ),
    (
        400,
        "unsupported_grant_type",
        "Unsupported grant_type",
        e.ExchangeMisconfigured,
    ),
    (403, "invalid_request", "HTTPS required", e.ExchangeMisconfigured),
    (403, "access_denied", "Realm not enabled", e.ExchangeMisconfigured),
    (401, "unauthorized_client", INVALID, e.ClientAuthFailed),
    (401, "invalid_client", INVALID, e.ClientAuthFailed),
    (400, "invalid_client", "Bearer-only not allowed", e.ClientAuthFailed),
    (400, "invalid_request", "duplicated parameter", e.ExchangeMisconfigured),
    (
        400,
        "invalid_request",
        "The size of OIDC parameter 'subject_token' is longer than allowed.",
        e.ExchangeMisconfigured,
    ),
    (
        400,
        "invalid_request",
        f"Parameter 'requested_subject' {ALONE}",
        e.ExchangeMisconfigured,
    ),
    (
        400,
        "invalid_request",
        f"Parameter 'requested_issuer' {ALONE}",
        e.ExchangeMisconfigured,
    ),
    (
        400,
        "invalid_request",
        f"Parameter 'subject_issuer' {ALONE}",
        e.ExchangeMisconfigured,
    ),
    (
        400,
        "invalid_request",
        "Standard token exchange is not enabled for the requested client",
        e.ExchangeMisconfigured,
    ),
    (
        400,
        "invalid_request",
        f"Parameter 'subject_token' {NEEDED}",
        e.ExchangeMisconfigured,
    ),
    (
        400,
        "invalid_request",
        f"Parameter 'subject_token_type' {NEEDED}",
        e.ExchangeMisconfigured,
    ),
    (
        400,
        "invalid_request",
        "Parameter 'subject_token' supports access tokens only",
        e.ExchangeMisconfigured,
    ),
    (400, "invalid_request", "Invalid token", e.SubjectTokenRejected),
    (
        400,
        "invalid_request",
        "Invalid token type, must be access token",
        e.ExchangeMisconfigured,
    ),
    (
        400,
        "invalid_request",
        (
            "Sender-constrained token exchange rejected as the token was not issued "
            "for the requesting client"
        ),
        e.ProofRequired,
    ),
    (
        400,
        "invalid_request",
        (
            "Sender-constrained tokens are not supported as subject_token. Use a "
            "Bearer token instead."
        ),
        e.ProofRequired,
    ),
    (
        400,
        "invalid_request",
        (
            "Client certificate missing, or its thumbprint and one in the token did "
            "NOT match"
        ),
        e.ProofRequired,
    ),
    (400, "invalid_request", "DPoP proof is missing", e.ProofRequired),
    (
        400,
        "invalid_request",
        "DPoP confirmation doesn't match DPoP proof",
        e.ProofRequired,
    ),
    (
        400,
        "invalid_request",
        "requested_token_type unsupported",
        e.ExchangeMisconfigured,
    ),
    (400, "invalid_client", "Audience not found", e.ExchangeMisconfigured),
    (400, "invalid_client", "Client disabled", e.ExchangeMisconfigured),
    (
        400,
        "invalid_client",
        "Public client is not allowed to exchange token",
        e.ExchangeMisconfigured,
    ),
    (
        403,
        "access_denied",
        "Client is not within the token audience",
        e.ExchangeMisconfigured,
    ),
    (400, "invalid_scope", "Invalid scopes: X", e.ExchangeMisconfigured),
    (
        400,
        "invalid_request",
        "Requested audience not available: orders-api",
        e.AudienceNotAvailable,
    ),
    (
        400,
        "invalid_scope",
        "Missing consents for Token Exchange in client app",
        e.ConsentRequired,
    ),
    (
        400,
        "invalid_request",
        (
            "Refresh token not valid as requested_token_type because creating a new "
            "session is needed"
        ),
        e.ExchangeMisconfigured,
    ),
    (
        400,
        "invalid_request",
        "Scope offline_access not allowed for token exchange",
        e.ExchangeMisconfigured,
    ),
    (
        400,
        "invalid_scope",
        "Scopes [admin] not present in the initial access token [openid]",
        e.ExchangeDenied,
    ),
    (403, "access_denied", "Client not allowed to exchange", e.ExchangeDenied),
    (400, "client_policy", "vetoed", e.ExchangeDenied),
    (500, "unknown_error", "", e.ExchangeUnavailable),
]

OTHERS: list[tuple[int, str, str, type[e.ExchangeError]]] = [
    (400, "invalid_token", "expired", e.SubjectTokenRejected),
    (401, "invalid_token", "", e.SubjectTokenRejected),
    (400, "invalid_grant", "Session not active", e.SubjectTokenExpired),
    (400, "invalid_target", "", e.ExchangeMisconfigured),
    (403, "not_allowed", "", e.ExchangeDenied),
    (403, "access_denied", "", e.ExchangeDenied),
    (400, "consent_required", "", e.ConsentRequired),
    (400, "interaction_required", "", e.ConsentRequired),
    (401, "unauthorized_client", "", e.ClientAuthFailed),
    (429, "", "", e.ExchangeUnavailable),
    (500, "", "", e.ExchangeUnavailable),
    (500, "server_error", "", e.ExchangeUnavailable),
    (502, "", "", e.ExchangeUnavailable),
    (503, "invalid_client", "", e.ExchangeUnavailable),
    (599, "", "", e.ExchangeUnavailable),
    (302, "", "", e.UnexpectedReply),
    (404, "", "", e.UnexpectedReply),
    (404, "Realm does not exist", "", e.UnexpectedReply),
    (409, "conflict", "Duplicate resource error", e.ExchangeUnavailable),
    (418, "", "", e.UnexpectedReply),
]


@pytest.mark.parametrize(("status", "error", "text", "kind"), KEYCLOAK + OTHERS)
def test_refusal__has_its_class(
    status: int, error: str, text: str, kind: type[e.ExchangeError]
) -> None:
    """Code and description decide; whoever must act is told what to do."""
    found = refusal(status, error, text, realm=REALM, asked=ORDERS)

    assert type(found) is kind
    assert (found.status, found.error) == (status, error)
    assert found.cause.endswith(".")
    assert found.fix
    assert "{" not in found.cause + found.fix


def test_refusal__names_the_client_and_the_audience() -> None:
    """Names from the settings are in the sentences, also with braces in them."""
    asked = Asked("a{client}b")
    found = refusal(
        400, "invalid_client", "Audience not found", realm=REALM, asked=asked
    )

    assert found.cause in {
        "The realm has no client a{client}b.",
        "The realm has no client aappb.",
    }


def test_rows__each_can_be_reached() -> None:
    """No row is hidden by one before it."""
    for place, row in enumerate(OF_EVERY_GRANT):
        before = OF_EVERY_GRANT[:place]
        hidden = [
            r
            for r in before
            if r.error == row.error and row.starts.startswith(r.starts)
        ]
        assert hidden == [], row


@pytest.mark.parametrize(
    ("status", "error", "text", "word"),
    [
        (400, "invalid_client", "Bearer-only not allowed", "client_bearer_only"),
        (400, "invalid_client", "Wrong client protocol.", "client_not_oidc"),
        (
            400,
            "invalid_client",
            "Parameter client_assertion_type is missing",
            "authenticator_differs",
        ),
        (400, "invalid_client", "Missing client_id parameter", "authenticator_differs"),
        (400, "invalid_client", "Unable to load public key", "key_unknown"),
        (400, "invalid_client", "Token was issued in the future", "clock_differs"),
        (401, "invalid_client", INVALID, "client_unknown"),
        (401, "unauthorized_client", INVALID, "secret_wrong"),
        (400, "invalid_request", "Request not allowed", "policy_refuses"),
        (400, "invalid_request", "Required claim 'x' is missing", "policy_refuses"),
        (400, "invalid_request", "something new", "request_refused"),
        (429, "", "", "throttled"),
        (503, "", "", "server_error"),
        (302, "", "", "redirected"),
        (404, "", "", "not_keycloak"),
        (404, "Realm does not exist", "", "not_keycloak"),
        (409, "conflict", "Duplicate resource error", "server_error"),
        (400, "client_policy", "vetoed", "policy_refuses"),
    ],
)
def test_refusal__has_its_diagnosis(
    status: int, error: str, text: str, word: str
) -> None:
    """Programs tell refusals apart that share a class."""
    assert refusal(status, error, text, realm=REALM).diagnosis == word


@pytest.mark.parametrize(
    "row",
    [
        *OF_EVERY_GRANT,
        *BROKER_ROWS,
        *LINKED_ROWS,
        *JWT_GRANT_ROWS,
        *IMPERSONATION_ROWS,
        *REVOCATION_ROWS,
    ],
    ids=lambda row: f"{row.error}-{row.starts}",
)
def test_rows__each_has_a_diagnosis(row: Row) -> None:
    assert row.diagnosis.replace("_", "").isalpha()
