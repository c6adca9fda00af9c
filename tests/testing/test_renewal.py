"""Renewing a token at the identity provider that issued it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
import requests

from kc_exchange.testing import DownstreamRecorder, EmbeddedKeycloak
from tests.testing.brokers import FEATURES, Desk, home, partner, provider
from tests.testing.conftest import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

FRESH = {"access_token": "fresh", "expires_in": 600}
FAILED = (500, "unknown_error", "For more on this error consult the server log.")


@pytest.fixture
def there() -> Iterator[DownstreamRecorder]:
    """The provider's token endpoint."""
    with DownstreamRecorder() as recorder:
        yield recorder


@pytest.fixture
def desk(there: DownstreamRecorder) -> Iterator[Desk]:
    """A realm that stores the tokens of two providers; both have expired."""
    address = {"tokenUrl": f"{there.url}token"}
    basic = {"clientAuthMethod": "client_secret_basic", "clientId": "a:b"}
    documents = home(
        provider(storeToken=True, config=address),
        provider("basic", storeToken=True, config={**address, **basic}),
    )
    with (
        EmbeddedKeycloak(documents, partner(), features=FEATURES) as keycloak,
        requests.Session() as http,
    ):
        http.trust_env = False
        for alias in ("partner", "basic"):
            keycloak.allow_exchange("home", "gateway", requested_issuer=alias)
            stored: dict[str, Any] = {"token": "old", "refresh_token": "again"}
            keycloak.link_account("home", "nora", alias, expires_at=1, **stored)
        yield Desk(keycloak, http)


def test_renewal__asks_as_the_realms_client(
    desk: Desk, there: DownstreamRecorder
) -> None:
    """With the refresh token, and its name and secret in the form."""
    there.answer_next(body=FRESH)

    reply = desk.passed_on(desk.own("nora")).json()

    assert (reply["access_token"], reply["expires_in"]) == ("fresh", 600)
    (request,) = there.requests
    assert request.path == "/token"
    assert parse_qs(request.body.decode()) == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["again"],
        "client_id": ["portal"],
        "client_secret": ["portal-secret"],
    }


def test_renewal__asks_with_basic(desk: Desk, there: DownstreamRecorder) -> None:
    """Where the provider is configured so, both parts are encoded (RFC 6749)."""
    there.answer_next(body=FRESH)

    assert desk.passed_on(desk.own("nora"), "basic").status_code == 200

    (request,) = there.requests
    assert request.headers["authorization"] == "Basic YSUzQWI6cG9ydGFsLXNlY3JldA=="
    assert "client_secret" not in request.body.decode()


def test_renewal__is_kept(desk: Desk, there: DownstreamRecorder) -> None:
    """The next one gets the fresh token, and the old refresh token is still good."""
    there.answer_next(body=FRESH)
    desk.passed_on(desk.own("nora"))

    again = desk.passed_on(desk.own("nora")).json()
    desk.keycloak.advance(600)
    there.answer_next(body={**FRESH, "access_token": "fresher"})
    later = desk.passed_on(desk.own("nora")).json()

    assert (again["access_token"], later["access_token"]) == ("fresh", "fresher")
    assert len(there.requests) == 2


@pytest.mark.parametrize(
    ("status", "body"), [(400, {"error": "invalid_grant"}), (200, {"error": "odd"})]
)
def test_renewal__refused(
    desk: Desk, there: DownstreamRecorder, status: int, body: dict[str, str]
) -> None:
    """The stored token is forgotten then."""
    there.answer_next(status, body)

    assert refusal(desk.passed_on(desk.own("nora")))[1] == "token_expired"
    assert refusal(desk.passed_on(desk.own("nora")))[1] == "not_linked"


def test_renewal__no_answer(desk: Desk, there: DownstreamRecorder) -> None:
    """Keycloak fails, and keeps what it has."""
    there.answer_next(body=None)
    assert refusal(desk.passed_on(desk.own("nora"))) == FAILED

    there.answer_next(body=FRESH)
    assert desk.passed_on(desk.own("nora")).status_code == 200


def test_renewal__in_a_session(desk: Desk, there: DownstreamRecorder) -> None:
    """A session that began with the expired token has the fresh one, too."""
    login: dict[str, Any] = {"token": "old", "refresh_token": "again", "expires_at": 1}
    token = desk.keycloak.broker_token(
        "home", "nora", "partner", client_id="gateway", **login
    )
    there.answer_next(body=FRESH)
    assert desk.passed_on(token).json()["access_token"] == "fresh"

    desk.keycloak.realm("home").providers["partner"].store_token = False

    assert desk.passed_on(token).json()["access_token"] == "fresh"
    assert len(there.requests) == 1
