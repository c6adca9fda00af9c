"""The authorization code flow with PKCE, through the login page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.keycloak.browser import CALLBACK, Page, landed
from tests.keycloak.servers import USER_IDS

if TYPE_CHECKING:
    from tests.keycloak.browser import Browser

OTHER_METHOD = (
    "Invalid parameter: code challenge method is not matching the configured one"
)


def test_login__leads_back_with_a_code(browser: Browser) -> None:
    """The callback gets the code, the state, the issuer and the session."""
    back = landed(browser.log_in())
    assert set(back) == {"code", "state", "iss", "session_state"}
    assert back["state"] == "some-state"
    assert back["iss"] == browser.server.issuer


def test_login__code_is_worth_tokens(browser: Browser) -> None:
    """The ID token repeats the nonce and names the client as its audience."""
    reply = browser.redeem(browser.code())
    assert reply.status_code == 200
    identity = browser.server.claims(reply.json()["id_token"])
    wanted = {
        "sub": USER_IDS["alice"],
        "aud": "frontend",
        "azp": "frontend",
        "nonce": "some-nonce",
        "typ": "ID",
    }
    assert {name: identity.get(name) for name in wanted} == wanted
    assert {"sid", "auth_time", "at_hash"} <= set(identity)


def test_login__access_token_has_no_nonce(browser: Browser) -> None:
    """The nonce is the ID token's alone; the moment of the login is in both."""
    reply = browser.redeem(browser.code())
    claims = browser.server.claims(reply.json()["access_token"])
    assert "nonce" not in claims
    assert claims["auth_time"] <= claims["iat"]


def test_login__wrong_password_shows_the_page_again(browser: Browser) -> None:
    """A second try on the same page succeeds."""
    again = browser.log_in(password="wrong")
    assert again.status_code == 200
    assert "Invalid username or password." in Page(again.text).text
    assert "code" in landed(browser.fill_in(again, "alice"))


def test_login__disabled_user_is_told(browser: Browser) -> None:
    """A disabled user stays on the page."""
    reply = browser.log_in("ned")
    assert reply.status_code == 200
    assert "Account is disabled" in Page(reply.text).text


def test_login__second_visit_needs_no_password(browser: Browser) -> None:
    """Single sign-on: the session's cookie is enough, also without a page."""
    first = landed(browser.log_in())["session_state"]
    assert landed(browser.open())["session_state"] == first
    assert landed(browser.open(prompt="none"))["session_state"] == first


def test_login__can_be_asked_for_again(browser: Browser) -> None:
    """`prompt=login` shows the page in spite of the session."""
    browser.log_in()
    reply = browser.open(prompt="login")
    assert reply.status_code == 200
    assert "password" in Page(reply.text).inputs


def test_code__is_worth_tokens_once(browser: Browser) -> None:
    """A second use is refused and ends what the first has given."""
    code = browser.code()
    token = browser.redeem(code).json()["access_token"]
    assert_refused(browser, code, "Code not valid")
    form = {
        "token": token,
        "client_id": "django-app",
        "client_secret": "django-app-secret",
    }
    known = browser.server.post("token/introspect", form).json()
    assert known["active"] is False


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"code_verifier": "x" * 43}, "PKCE verification failed: Code mismatch"),
        (
            {"code_verifier": "short"},
            "PKCE verification failed: Invalid code verifier",
        ),
        ({"code_verifier": None}, "PKCE code verifier not specified"),
        ({"redirect_uri": "http://127.0.0.1:8000/other"}, "Incorrect redirect_uri"),
        ({"redirect_uri": None}, "Incorrect redirect_uri"),
        (
            {"client_id": "django-app", "client_secret": "django-app-secret"},
            "Auth error: Found different client_id in clientSession",
        ),
    ],
)
def test_code__is_refused(
    browser: Browser, changes: dict[str, str | None], said: str
) -> None:
    """A code is bound to its verifier, its address and its client."""
    assert_refused(browser, browser.code(), said, **changes)


def assert_refused(
    browser: Browser, code: str, said: str, **changes: str | None
) -> None:
    """The token endpoint says `invalid_grant`, and why."""
    reply = browser.redeem(code, **changes)
    refusal = {"error": "invalid_grant", "error_description": said}
    assert (reply.status_code, reply.json()) == (400, refusal)


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"prompt": "none"}, "login_required", None),
        (
            {"code_challenge": None, "code_challenge_method": None},
            "invalid_request",
            "Missing parameter: code_challenge_method",
        ),
        (
            {"code_challenge_method": "plain"},
            "invalid_request",
            OTHER_METHOD,
        ),
        (
            {"response_type": None},
            "invalid_request",
            "Missing parameter: response_type",
        ),
        ({"response_type": "nonsense"}, "unsupported_response_type", None),
        (
            {"scope": "openid nonsense"},
            "invalid_scope",
            "Invalid scopes: openid nonsense",
        ),
    ],
)
def test_authorization__tells_the_client(
    browser: Browser, changes: dict[str, str | None], error: str, said: str | None
) -> None:
    """What is the client's fault goes back to its address."""
    back = landed(browser.open(**changes))
    assert (back["error"], back.get("error_description")) == (error, said)
    assert back["state"] == "some-state"
    assert back["iss"] == browser.server.issuer


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"client_id": "nobody-app"}, "Client not found."),
        ({"client_id": "closed-app"}, "Client disabled."),
        ({"redirect_uri": None}, "Invalid parameter: redirect_uri"),
        *(
            ({"redirect_uri": address}, "Invalid parameter: redirect_uri")
            for address in (
                "http://elsewhere.example/callback",
                "https://127.0.0.1:8000/callback",
                "http://127.0.0.2:8000/callback",
                "http://127.0.0.1.elsewhere.example/callback",
                "http://127.0.0.1:8000/a/../callback",
                "http://[::1]:8000/callback",
                "http://localhost:8000/callback",
            )
        ),
    ],
)
def test_authorization__tells_the_person(
    browser: Browser, changes: dict[str, str | None], said: str
) -> None:
    """An address that is not the client's is never redirected to."""
    reply = browser.open(**changes)
    assert reply.status_code == 400
    assert said in Page(reply.text).text


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/callback",
        "http://127.0.0.1:8000",
        "http://127.0.0.1:54321/callback",
        "http://127.0.0.1:8000/callback?next=/orders/",
    ],
)
def test_authorization__any_port_of_loopback(browser: Browser, address: str) -> None:
    """A loopback address in the realm stands for each of its ports."""
    assert browser.open(redirect_uri=address).status_code == 200


def test_login__callback_is_the_one_that_was_asked_for(browser: Browser) -> None:
    """The fragment-free address comes back exactly, query included."""
    wanted = f"{CALLBACK}?next=/orders/"
    reply = browser.log_in(redirect_uri=wanted)
    assert landed(reply)["next"] == "/orders/"
