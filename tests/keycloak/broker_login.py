"""Log in at a real Keycloak through an identity provider, as a browser does."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import requests

from tests.keycloak.browser import Page

if TYPE_CHECKING:
    from tests.keycloak.servers import BrokerLogin

CALLBACK = "http://127.0.0.1/callback"
LONGEST = 8
"""More steps than any such login has."""
PATHS = {"stub-stored": "/stored"}
"""What tells the issuers of our own provider apart, by alias."""


def log_in(realm: str, login: BrokerLogin) -> str:
    """Follow the redirects to the client, redeem its code, return the access token."""
    with requests.Session() as http:
        http.trust_env = False
        code = _code(http, realm, login)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "client_id": login.client,
            "client_secret": f"{login.client}-secret",
        }
        address = f"{realm}/protocol/openid-connect/token"
        reply = http.post(address, data=form, timeout=30)
    assert reply.status_code == 200, reply.json()
    return str(reply.json()["access_token"])


def _code(http: requests.Session, realm: str, login: BrokerLogin) -> str:
    asked = {
        "client_id": login.client,
        "response_type": "code",
        "scope": "openid",
        "redirect_uri": CALLBACK,
        "kc_idp_hint": login.alias,
    }
    place = f"{realm}/protocol/openid-connect/auth"
    reply = http.get(place, params=asked, timeout=30, allow_redirects=False)
    for _ in range(LONGEST):
        # Browsers send cookies marked Secure to 127.0.0.1; requests does not.
        for cookie in http.cookies:
            cookie.secure = False
        if reply.status_code == 200:
            reply = _filled_in(http, reply, login.person)
        assert reply.status_code in {302, 303}, Page(reply.text).text
        place = reply.headers["Location"]
        if place.startswith(CALLBACK):
            return parse_qs(urlsplit(place).query)["code"][0]
        told = _told(place, login)
        reply = http.get(place, params=told, timeout=30, allow_redirects=False)
    raise AssertionError("The login did not come back to the client.")


def _filled_in(
    http: requests.Session, reply: requests.Response, person: str
) -> requests.Response:
    """Log in with a password, where the provider is another realm."""
    page = Page(reply.text)
    assert page.action, f"no form on the page, it says: {page.text}"
    form = page.inputs | {"username": person, "password": f"{person}-demo"}
    return http.post(page.action, data=form, timeout=30, allow_redirects=False)


def _told(place: str, login: BrokerLogin) -> dict[str, str]:
    """What our own provider is told to say of the person; see `Provider`."""
    parts = urlsplit(place)
    if parts.path not in ("/auth", "/login/oauth/authorize"):
        return {}
    issuer = f"{parts.scheme}://{parts.netloc}{PATHS.get(login.alias, '')}"
    told = {"person": login.person, "issuer": issuer, "refresh": login.refresh}
    if login.expires_in is not None:
        told["expires_in"] = str(login.expires_in)
    return {name: value for name, value in told.items() if value}
