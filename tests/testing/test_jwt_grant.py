"""The JWT authorization grant: its records, its clock, and what goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kc_exchange.testing import EmbeddedKeycloak, JwtGrantRecord
from tests.testing.brokers import Desk, desk_at, home, partner, provider
from tests.testing.conftest import refusal
from tests.testing.test_controls import claims

if TYPE_CHECKING:
    from collections.abc import Iterator

INVALID = (400, "invalid_grant")


@pytest.fixture(scope="module")
def _running() -> Iterator[EmbeddedKeycloak]:
    with EmbeddedKeycloak(home(), partner()) as keycloak:
        yield keycloak


@pytest.fixture
def desk(_running: EmbeddedKeycloak) -> Iterator[Desk]:
    """Requests to a server with Keycloak's default features."""
    _running.reset()
    with desk_at(_running) as made:
        yield made
    _running.reset()


def test_jwt_grants__record_a_grant(desk: Desk) -> None:
    """Whose assertion it was, and who was let in; never a token."""
    assertion = desk.assertion()
    reply = desk.assert_jwt(assertion).json()

    issued = claims(reply["access_token"])
    (record,) = desk.keycloak.jwt_grants
    assert record == JwtGrantRecord(
        realm="home",
        client="gateway",
        scope=None,
        identity_provider="partner",
        identity_provider_issuer=desk.keycloak.issuer("partner"),
        identity_provider_user_id="petra-id",
        username="petra",
        outcome="granted",
    )
    assert record.token_id == issued["jti"]
    assert (record.error, record.reason) == (None, None)
    assert assertion not in repr(record)
    assert desk.keycloak.exchanges == []


def test_jwt_grants__record_a_refusal(desk: Desk) -> None:
    """What had become known by then, and what was answered."""
    desk.assert_jwt(desk.assertion("stranger"))
    desk.assert_jwt("nonsense")

    unknown, unread = desk.keycloak.jwt_grants
    assert (unknown.outcome, unknown.error) == ("refused", "invalid_grant")
    assert unknown.reason == unknown.description == "User not found"
    assert unknown.identity_provider_user_id == "stranger"
    assert unknown.username is None
    assert unread.identity_provider_issuer is None
    desk.keycloak.reset_counters()
    assert desk.keycloak.jwt_grants == []


def test_grant__begins_no_session(desk: Desk) -> None:
    """The token stands for the user alone, so nothing is left to end."""
    reply = desk.assert_jwt(desk.assertion()).json()

    assert "refresh_token" not in reply
    assert "sid" not in claims(reply["access_token"])
    assert desk.keycloak.sessions("home", "petra") == ()


def test_grant__of_a_linked_user(desk: Desk) -> None:
    """A test may link the account that the assertion speaks of."""
    assert refusal(desk.assert_jwt(desk.assertion("paul-id")))[2] == "User not found"
    desk.keycloak.link_account("home", "nora", "partner", user_id="paul-id")

    reply = desk.assert_jwt(desk.assertion("paul-id")).json()

    assert claims(reply["access_token"])["preferred_username"] == "nora"
    assert desk.user("paul") is None


def test_grant__by_the_servers_clock(desk: Desk) -> None:
    """An assertion is used up while it lasts, and worth nothing after that."""
    assertion = desk.assertion()
    assert desk.assert_jwt(assertion).status_code == 200
    assert refusal(desk.assert_jwt(assertion)) == (*INVALID, "Token reuse detected")
    desk.keycloak.advance(61)
    assert refusal(desk.assert_jwt(assertion)) == (*INVALID, "Token is not active")


def test_grant__of_a_disabled_user(desk: Desk) -> None:
    """What an administrator does counts at once."""
    desk.keycloak.set_user_enabled("petra", False, realm="home")
    assert refusal(desk.assert_jwt(desk.assertion()))[2] == "User is not enabled"
    desk.keycloak.set_user_enabled("petra", True, realm="home")
    assert desk.assert_jwt(desk.assertion()).status_code == 200


def test_grant__when_two_providers_have_the_issuer() -> None:
    """Keycloak does not choose."""
    document = home(provider(), provider("twin"))
    with (
        EmbeddedKeycloak(document, partner()) as keycloak,
        desk_at(keycloak) as desk,
    ):
        said = "Multiple IDPs match the same issuer: [partner, twin]"
        assert refusal(desk.assert_jwt(desk.assertion())) == (*INVALID, said)
