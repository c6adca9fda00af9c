"""What Keycloak's refusals of an impersonation mean, row by row."""

from __future__ import annotations

import pytest

from kc_exchange import exceptions as e
from kc_exchange.conf import Realm
from kc_exchange.exchange.impersonation_refusals import REVOCATION_ROWS, ROWS
from kc_exchange.exchange.refusals import refusal
from kc_exchange.exchange.rows import Asked, Row

REALM = Realm(alias="default", issuer="https://id.example/realms/a", client_id="app")
ASKED = Asked(rows=ROWS)
INVALID = "Invalid client or Invalid client credentials"
ALONE = "is not supported for standard token exchange"

REFUSED: list[tuple[int, str, str, type[e.ExchangeError], str]] = [
    (
        400,
        "invalid_request",
        f"Parameter 'requested_subject' {ALONE}",
        e.ExchangeMisconfigured,
        "--features=token-exchange",
    ),
    (
        400,
        "unsupported_grant_type",
        "Unsupported grant_type",
        e.ExchangeMisconfigured,
        "--features=token-exchange",
    ),
    (
        403,
        "access_denied",
        "Client not allowed to exchange",
        e.ExchangeDenied,
        "role impersonation of realm-management",
    ),
    (
        403,
        "access_denied",
        "Client is not within the token audience",
        e.ExchangeMisconfigured,
        "logs the operator in",
    ),
    (
        403,
        "access_denied",
        "Client is not the holder of the token",
        e.ExchangeMisconfigured,
        "Client authentication",
    ),
    (
        400,
        "invalid_client",
        "Client requires user consent",
        e.ExchangeMisconfigured,
        "Consent required",
    ),
    (500, "unknown_error", "", e.ExchangeMisconfigured, "Keycloak's log"),
    (400, "invalid_request", "Invalid token", e.SubjectTokenRejected, "Log in"),
    (401, "unauthorized_client", INVALID, e.ClientAuthFailed, "Credentials"),
    (403, "access_denied", "Realm not enabled", e.ExchangeMisconfigured, "Enable it"),
    (400, "client_policy", "vetoed", e.ExchangeDenied, "which policy"),
    (503, "", "", e.ExchangeUnavailable, "try again"),
]


@pytest.mark.parametrize(("status", "error", "text", "kind", "fix"), REFUSED)
def test_refusal__of_an_impersonation(
    status: int, error: str, text: str, kind: type[e.ExchangeError], fix: str
) -> None:
    """The same words can mean something else there, and another thing helps."""
    found = refusal(status, error, text, realm=REALM, asked=ASKED)

    assert type(found) is kind
    assert found.cause.endswith(".")
    assert fix in found.fix
    assert "{" not in found.cause + found.fix


def test_refusal__of_an_impersonation_says_nothing_of_an_exchange() -> None:
    """The rows of one are not those of the other."""
    said = (403, "access_denied", "Client not allowed to exchange")

    ordinary = refusal(*said, realm=REALM)
    impersonation = refusal(*said, realm=REALM, asked=ASKED)

    assert "Standard Token Exchange" in ordinary.fix
    assert "Standard Token Exchange" not in impersonation.fix


@pytest.mark.parametrize("rows", [ROWS, REVOCATION_ROWS], ids=["start", "end"])
def test_rows__each_can_be_reached(rows: tuple[Row, ...]) -> None:
    """No row is hidden by one before it."""
    for place, row in enumerate(rows):
        hidden = [
            before
            for before in rows[:place]
            if before.error == row.error and row.starts.startswith(before.starts)
        ]
        assert hidden == [], row
