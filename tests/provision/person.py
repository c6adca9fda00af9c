"""A person's browser, which logs in at one realm through another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin

import requests

from tests.keycloak.browser import CHALLENGE, Page
from tests.provision.company import PASSWORD

if TYPE_CHECKING:
    from tests.provision.company import Company

_MOST_REDIRECTS = 12


def log_in_through(company: Company, alias: str, user: str) -> requests.Response:
    """Log a user of `acme` in at the shared services; where it ended, unfollowed."""
    issuer = company.settings.realm("shared").issuer
    asked = {
        "client_id": "account-console",
        "redirect_uri": f"{issuer}/account/",
        "response_type": "code",
        "scope": "openid",
        "state": "s",
        "kc_idp_hint": alias,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    address = f"{issuer}/protocol/openid-connect/auth?{urlencode(asked)}"
    with requests.Session() as browser:
        browser.trust_env = False
        page = Page(_arrive(browser, "GET", address, issuer).text)
        assert page.action is not None
        filled = {**page.inputs, "username": user, "password": PASSWORD}
        return _arrive(browser, "POST", page.action, issuer, data=filled)


def _arrive(
    browser: requests.Session, method: str, address: str, issuer: str, **more: Any
) -> requests.Response:
    """Follow redirects until a page, or the way back to the app, is reached."""
    for _ in range(_MOST_REDIRECTS):
        reply = browser.request(
            method, address, timeout=30, allow_redirects=False, **more
        )
        for cookie in browser.cookies:
            cookie.secure = False  # browsers send these to 127.0.0.1
        onward = reply.headers.get("Location", "")
        if not onward or onward.startswith(f"{issuer}/account/"):
            return reply
        method, address, more = "GET", urljoin(address, onward), {}
    raise AssertionError(f"more than {_MOST_REDIRECTS} redirects")
