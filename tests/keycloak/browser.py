"""As much of a browser as a login page needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import requests

if TYPE_CHECKING:
    from tests.keycloak.servers import Server

CALLBACK = "http://127.0.0.1:8000/callback"
# The pair of RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@dataclass
class Page(HTMLParser):
    """What a page shows: its text, its form's target and its inputs."""

    html: str
    text: str = ""
    action: str | None = None
    inputs: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what a form would send."""
        found = dict(attrs)
        if tag == "form" and self.action is None:
            self.action = found.get("action")
        if tag == "input" and (name := found.get("name")):
            self.inputs[name] = found.get("value") or ""

    def handle_data(self, data: str) -> None:
        """Keep what a person would read."""
        self.text = " ".join(f"{self.text} {data}".split())


class Browser:
    """A person's browser: it keeps cookies and stops at each redirect."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.http = requests.Session()
        self.http.trust_env = False

    def send(self, method: str, url: str, **more: Any) -> requests.Response:
        """Ask for an address."""
        reply = self.http.request(
            method, url, timeout=30, allow_redirects=False, **more
        )
        # Browsers send cookies marked Secure to 127.0.0.1; requests does not.
        for cookie in self.http.cookies:
            cookie.secure = False
        return reply

    def open(self, **changes: str | None) -> requests.Response:
        """Come to the authorization endpoint; None leaves a parameter out."""
        asked = {
            "client_id": "frontend",
            "response_type": "code",
            "scope": "openid",
            "redirect_uri": CALLBACK,
            "state": "some-state",
            "nonce": "some-nonce",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        params = {name: value for name, value in asked.items() if value is not None}
        return self.send("GET", self.server.endpoint("auth"), params=params)

    def log_in(
        self, username: str = "alice", password: str | None = None, **changes: str
    ) -> requests.Response:
        """Come to the login page, fill it in and send it."""
        return self.fill_in(self.open(**changes), username, password)

    def fill_in(
        self, reply: requests.Response, username: str, password: str | None = None
    ) -> requests.Response:
        """Send the login form of a page."""
        page = Page(reply.text)
        assert page.action, f"no form on the page, it says: {page.text}"
        form = page.inputs | {
            "username": username,
            "password": password or f"{username}-demo",
        }
        return self.send("POST", page.action, data=form)

    def code(self, **changes: str) -> str:
        """The authorization code that a login leads to."""
        return landed(self.log_in(**changes))["code"]

    def redeem(self, code: str, **changes: str | None) -> requests.Response:
        """Hand a code to the token endpoint; None leaves a parameter out."""
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
            "client_id": "frontend",
            "client_secret": "frontend-secret",
            **changes,
        }
        form = {name: value for name, value in asked.items() if value is not None}
        return self.server.post("token", form)


def landed(reply: requests.Response, *, at: str = CALLBACK) -> dict[str, str]:
    """The parameters that came back to the client's own address."""
    assert reply.status_code == 302, Page(reply.text).text
    address = reply.headers["Location"]
    assert address.partition("?")[0] == at
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))
