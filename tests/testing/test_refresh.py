"""Refresh tokens that may be used once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.testing.conftest import refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from tests.testing.conftest import Asker


@pytest.fixture
def ask(ask_changed: Callable[..., Asker]) -> Asker:
    """A realm with refresh token rotation."""
    return ask_changed(revokeRefreshToken=True)


def refreshed(ask: Asker, token: str) -> requests.Response:
    """The token endpoint's answer."""
    return ask.post("token", grant_type="refresh_token", refresh_token=token)


def test_rotation__second_use_ends_the_chain(ask: Asker) -> None:
    """The reuse is refused, and the newer token is lost with it."""
    first = ask.login()["refresh_token"]
    second = refreshed(ask, first).json()["refresh_token"]
    text = "Maximum allowed refresh token reuse exceeded"
    assert refusal(refreshed(ask, first)) == (400, "invalid_grant", text)
    text = "Session doesn't have required client"
    assert refusal(refreshed(ask, second)) == (400, "invalid_grant", text)


def test_rotation__an_older_token_is_stale(ask: Asker) -> None:
    """Once a newer one was used, an older one comes too late."""
    first = ask.login()["refresh_token"]
    ask.keycloak.advance(5)
    second = refreshed(ask, first).json()["refresh_token"]
    ask.keycloak.advance(5)
    assert refreshed(ask, second).status_code == 200
    assert refusal(refreshed(ask, first)) == (400, "invalid_grant", "Stale token")
