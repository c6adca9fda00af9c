"""What Keycloak's refusals mean beyond one realm: their tables, row by row."""

from __future__ import annotations

import pytest

from kc_exchange import exceptions as e
from kc_exchange.conf import Realm
from kc_exchange.exchange.broker_refusals import BROKER_ROWS
from kc_exchange.exchange.jwt_grant_refusals import JWT_GRANT_ROWS
from kc_exchange.exchange.linked_refusals import LINKED_ROWS
from kc_exchange.exchange.refusals import refusal
from kc_exchange.exchange.rows import Asked, Row

REALM = Realm(alias="shared", issuer="https://id.example/realms/s", client_id="app")
ALONE = "is not supported for standard token exchange"
DENIED = "Client not allowed to exchange"
Said = tuple[int, str, str, type[e.ExchangeError], str]

BROKER: list[Said] = [
    (
        400,
        "invalid_request",
        f"Parameter 'subject_issuer' {ALONE}",
        e.ExchangeMisconfigured,
        "admin-fine-grained-authz:v1",
    ),
    (400, "unsupported_grant_type", "x", e.ExchangeMisconfigured, "jwt-grant"),
    (
        400,
        "invalid_issuer",
        "Invalid subject_issuer parameter",
        e.ExchangeMisconfigured,
        "SUBJECT_ISSUER",
    ),
    (403, "access_denied", DENIED, e.ExchangeMisconfigured, "google > Permissions"),
    (400, "invalid_token", "invalid token type", e.ExchangeMisconfigured, "github"),
    (
        400,
        "invalid_token",
        "token type not supported",
        e.ExchangeMisconfigured,
        "Disable type claim check",
    ),
    (400, "invalid_token", "User already exists", e.ExchangeDenied, "link"),
    (400, "invalid_token", "Invalid Token", e.ExchangeDenied, "Enabled"),
    (400, "invalid_token", "invalid token", e.SubjectTokenRejected, "doctor"),
    (400, "invalid_config", "Invalid server config", e.ExchangeMisconfigured, "JWKS"),
    (500, "unknown_error", "For more", e.ExchangeMisconfigured, "google > Enabled"),
    (400, "invalid_request", "Invalid token", e.SubjectTokenRejected, "Log in"),
    (401, "invalid_client", "Invalid client or", e.ClientAuthFailed, "CLIENT_ID"),
]
LINKED: list[Said] = [
    (
        400,
        "invalid_request",
        f"Parameter 'requested_issuer' {ALONE}",
        e.ExchangeMisconfigured,
        "admin-fine-grained-authz:v1",
    ),
    (400, "unsupported_grant_type", "x", e.ExchangeMisconfigured, "--features"),
    (400, "invalid_request", "Invalid issuer", e.ExchangeMisconfigured, "REQUESTED_"),
    (
        400,
        "invalid_request",
        "Issuer does not support token exchange",
        e.ExchangeMisconfigured,
        "REQUESTED_ISSUER",
    ),
    (403, "access_denied", DENIED, e.ExchangeMisconfigured, "google > Permissions"),
    (400, "not_linked", "identity provider is not linked", e.NotLinked, "Store tokens"),
    (400, "token_expired", "linked token is expired", e.NotLinked, "again"),
    (
        400,
        "invalid_target",
        "response_token_type_unsupported",
        e.ExchangeMisconfigured,
        "REQUESTED_ISSUER",
    ),
    (400, "invalid_request", "Invalid token", e.SubjectTokenRejected, "Log in"),
]
GRANT: list[Said] = [
    (400, "unsupported_grant_type", "x", e.ExchangeMisconfigured, "26.6"),
    (
        400,
        "invalid_scope",
        "Missing consents for the client app",
        e.ConsentRequired,
        "Consent required",
    ),
    (400, "invalid_scope", "Invalid scopes: x", e.ExchangeMisconfigured, "optional"),
    *(
        (400, "invalid_grant", said, kind, fix)
        for said, kind, fix in [
            (
                "JWT Authorization Grant is not supported for the requested client",
                e.ExchangeMisconfigured,
                "Clients > app",
            ),
            (
                "Public client not allowed to use authorization grant",
                e.ExchangeMisconfigured,
                "Client authentication",
            ),
            (
                "No Identity Provider for provided issuer",
                e.ExchangeMisconfigured,
                "In realm shared",
            ),
            ("Identity Provider is not enabled", e.ExchangeMisconfigured, "Enabled"),
            (
                "Identity Provider is not allowed for the client",
                e.ExchangeMisconfigured,
                "name the identity provider",
            ),
            (
                "Identity Provider is not configured for JWT Authorization Grant",
                e.ExchangeMisconfigured,
                "switch it on",
            ),
            (
                "JWT Authorization Granted is not enabled for the identity provider",
                e.ExchangeMisconfigured,
                "switch it on",
            ),
            ("Invalid signature", e.ExchangeMisconfigured, "JWKS URL"),
            ("Invalid signature algorithm", e.ExchangeMisconfigured, "JWKS URL"),
            ("Invalid token audience", e.ExchangeMisconfigured, "ISSUER"),
            ("Multiple audiences not allowed", e.ExchangeMisconfigured, "mapper"),
            ("Token was issued in the future", e.ExchangeMisconfigured, "clock"),
            ("Token is not active", e.ExchangeMisconfigured, "clocks"),
            (
                "Token was issued too far in the past to be used now",
                e.ExchangeMisconfigured,
                "clocks",
            ),
            (
                "Token expiration is too far in the future and iat claim not present",
                e.ExchangeMisconfigured,
                "Max allowed",
            ),
            ("Token reuse detected", e.ExchangeUnavailable, "again"),
            ("User not found", e.NotLinked, "link"),
            ("User is not enabled", e.ExchangeDenied, "Enable"),
            ("Account is not fully set up", e.ExchangeDenied, "Required user actions"),
            ("something new", e.ExchangeDenied, "JWT_AUTHORIZATION_GRANT_ERROR"),
        ]
    ),
]
TABLES = {
    "subject_issuer": (BROKER, BROKER_ROWS),
    "requested_issuer": (LINKED, LINKED_ROWS),
    "assertion": (GRANT, JWT_GRANT_ROWS),
}
CASES = [
    pytest.param(rows, said, id=f"{name}-{said[1]}-{said[2]}"[:60])
    for name, (table, rows) in TABLES.items()
    for said in table
]


@pytest.mark.parametrize(("rows", "said"), CASES)
def test_refusal__has_its_class_and_its_fix(rows: tuple[Row, ...], said: Said) -> None:
    """Code and description decide; names are filled in."""
    status, error, text, kind, fix = said
    asked = Asked("analytics-api", "google", rows)

    found = refusal(status, error, text, realm=REALM, asked=asked)

    assert type(found) is kind
    assert fix in found.fix
    assert found.cause.endswith(".")
    assert "{" not in found.cause + found.fix


@pytest.mark.parametrize("name", TABLES)
def test_rows__each_is_met(name: str) -> None:
    """No row is hidden by one before it, and none is never asked for here."""
    table, rows = TABLES[name]
    reached = {
        next(r for r in rows if r.error == error and text.startswith(r.starts))
        for _, error, text, _, _ in table
        if any(r.error == error and text.startswith(r.starts) for r in rows)
    }

    assert reached == set(rows)
