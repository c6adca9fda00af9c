"""Login and logout in a browser, and private_key_jwt."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from tests.testing.conftest import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from tests.testing.conftest import Asker

CALLBACK = "http://127.0.0.1:8000/callback"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def opened(ask: Asker, **changes: str | None) -> requests.Response:
    """The answer of the authorization endpoint."""
    asked = {
        "client_id": "django-app",
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid",
        "state": "s1",
        "nonce": "n1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    return ask.http.get(
        ask.url("auth"),
        params={k: v for k, v in asked.items() if v is not None},
        timeout=10,
        allow_redirects=False,
    )


def signed_in(
    ask: Asker, page: requests.Response, username: str = "alice", password: str = ""
) -> requests.Response:
    """The answer to the filled-in page."""
    found = re.search(r'action="([^"]+)"', page.text)
    assert found, page.text
    return ask.http.post(
        html.unescape(found[1]),
        data={"username": username, "password": password or f"{username}-password"},
        timeout=10,
        allow_redirects=False,
    )


def landed(reply: requests.Response) -> dict[str, str]:
    """The parameters the callback gets."""
    assert reply.status_code == 302, reply.text
    parts = urlsplit(reply.headers["Location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == CALLBACK
    return {k: v[0] for k, v in parse_qs(parts.query or parts.fragment).items()}


def redeemed(ask: Asker, code: str, **changes: Any) -> requests.Response:
    """The token endpoint's answer to the code."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        **changes,
    }
    return ask.post("token", **form)


def test_login__whole_way(ask: Asker) -> None:
    """Page, wrong password, right password, code, tokens, single sign-on."""
    again = signed_in(ask, opened(ask), password="wrong")
    assert "Invalid username or password." in again.text
    assert 'role="alert"' in again.text
    back = landed(signed_in(ask, again))
    assert (back["state"], back["iss"]) == ("s1", ask.keycloak.issuer("test"))
    body = redeemed(ask, back["code"]).json()
    claims = jwt.decode(body["id_token"], options={"verify_signature": False})
    assert (claims["nonce"], claims["aud"], claims["acr"]) == ("n1", "django-app", "1")
    assert ask.exchange(body["access_token"]).status_code == 200
    assert "code" in landed(opened(ask, prompt="none"))


def test_login__is_bound_to_the_browser(ask: Asker) -> None:
    """A form that another browser began is refused."""
    page = opened(ask)
    ask.http.cookies.clear()
    reply = signed_in(ask, page)
    assert reply.status_code == 400
    assert "cookie not found" in reply.text


def test_login__escapes_what_was_typed(ask: Asker) -> None:
    """A name comes back as text, never as markup."""
    reply = signed_in(ask, opened(ask), username='"><script>alert(1)</script>')
    assert "<script>" not in reply.text


@pytest.mark.parametrize("mode", ["fragment", "form_post"])
def test_login__response_modes(ask: Asker, mode: str) -> None:
    """The code travels in the fragment, or in a form."""
    reply = signed_in(ask, opened(ask, response_mode=mode))
    if mode == "fragment":
        assert "code" in landed(reply)
    else:
        assert f'action="{CALLBACK}"' in reply.text
        assert 'name="code"' in reply.text


def test_code__spent_twice_ends_the_login(ask: Asker) -> None:
    """The second use is refused and takes the first use's tokens along."""
    code = landed(signed_in(ask, opened(ask)))["code"]
    refresh = redeemed(ask, code).json()["refresh_token"]
    assert refusal(redeemed(ask, code)) == (400, "invalid_grant", "Code not valid")
    reply = ask.post("token", grant_type="refresh_token", refresh_token=refresh)
    text = "Session doesn't have required client"
    assert refusal(reply) == (400, "invalid_grant", text)


def test_code__expires(ask: Asker) -> None:
    """A minute later it is worth nothing."""
    code = landed(signed_in(ask, opened(ask)))["code"]
    ask.keycloak.advance(61)
    assert refusal(redeemed(ask, code)) == (400, "invalid_grant", "Code is expired")


def test_logout__of_the_browser(ask: Asker) -> None:
    """The session ends, and the browser lands where it wanted."""
    code = landed(signed_in(ask, opened(ask)))["code"]
    body = redeemed(ask, code).json()
    hint = {"id_token_hint": body["id_token"], "state": "s2"}
    reply = ask.http.get(
        ask.url("logout"),
        params={**hint, "post_logout_redirect_uri": CALLBACK},
        timeout=10,
        allow_redirects=False,
    )
    assert landed(reply) == {"state": "s2"}
    assert landed(opened(ask, prompt="none"))["error"] == "login_required"
    text = "Invalid token"
    assert refusal(ask.exchange(body["access_token"])) == (400, "invalid_request", text)


def test_logout__with_a_refresh_token(ask: Asker) -> None:
    """The session ends without a browser."""
    login = ask.login()
    token = login["refresh_token"]
    assert ask.post("logout", refresh_token=token).status_code == 204
    assert refusal(ask.exchange(login["access_token"]))[2] == "Invalid token"


def test_userinfo__tells_about_the_user(ask: Asker) -> None:
    """Claims for a token with openid; a challenge without one."""
    token = ask.login(scope="openid")["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    reply = ask.http.get(ask.url("userinfo"), headers=bearer, timeout=10)
    assert reply.json()["email"] == "alice@example.com"
    reply = ask.http.get(ask.url("userinfo"), timeout=10)
    assert reply.status_code == 401
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="test"'


@pytest.fixture(autouse=True)
def _no_cookies(ask: Asker) -> Iterator[None]:
    ask.http.cookies.clear()
    yield
    ask.http.cookies.clear()
