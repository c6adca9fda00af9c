"""Logout in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.keycloak.browser import Page, landed

if TYPE_CHECKING:
    from tests.keycloak.browser import Browser

BYE = "http://127.0.0.1:8000/bye"


def test_logout__with_the_id_token_needs_no_question(browser: Browser) -> None:
    """The browser goes back at once and the session is over."""
    identity = browser.redeem(browser.code()).json()["id_token"]
    asked = {
        "id_token_hint": identity,
        "post_logout_redirect_uri": BYE,
        "state": "some-state",
    }
    reply = browser.send("GET", browser.server.endpoint("logout"), params=asked)
    assert landed(reply, at=BYE) == {"state": "some-state"}
    assert landed(browser.open(prompt="none"))["error"] == "login_required"


def test_logout__without_it_asks_the_person(browser: Browser) -> None:
    """Nobody is logged out by a mere link."""
    browser.log_in()
    reply = browser.send("GET", browser.server.endpoint("logout"))
    assert reply.status_code == 200
    assert "confirmLogout" in Page(reply.text).inputs
    assert "code" in landed(browser.open(prompt="none"))


def test_logout__never_leads_elsewhere(browser: Browser) -> None:
    """An address that is not the client's is refused."""
    asked = {
        "client_id": "django-app",
        "post_logout_redirect_uri": "http://elsewhere.example/",
    }
    reply = browser.send("GET", browser.server.endpoint("logout"), params=asked)
    assert reply.status_code == 400
    assert "Invalid redirect uri" in Page(reply.text).text
