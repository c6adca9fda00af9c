"""As much of a browser as the shop and Keycloak's login page need."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import requests

from exampleproject.demo.failure import DemoFailed

_SECONDS = 15
_MOST_REDIRECTS = 10
_OK, _UNAUTHORIZED = 200, 401


class Page(HTMLParser):
    """A page's text, and its forms: where they lead and what they would send."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.title = ""
        self._words: list[str] = []
        self._in_title = False
        self.feed(html)

    @property
    def text(self) -> str:
        """What a person would read, in one line."""
        return " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the forms and their inputs."""
        found = {name: value or "" for name, value in attrs}
        self._in_title = tag == "title"
        if tag == "form":
            self.forms.append((found.get("action", ""), {}))
        elif tag == "input" and self.forms and found.get("name"):
            self.forms[-1][1][found["name"]] = found.get("value", "")

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        if self._in_title:
            self.title += data.strip()
            self._in_title = False
        self._words.append(data)


class Visitor:
    """One person with one browser: cookies are kept, redirects followed."""

    def __init__(self, shop: str) -> None:
        self.shop = shop
        self._http = requests.Session()
        self._http.trust_env = False

    def close(self) -> None:
        """Close the browser."""
        self._http.close()

    def open(self, path: str, *, method: str = "GET", **more: Any) -> requests.Response:
        """Ask for an address, follow where it leads, and return what is there."""
        url = urljoin(self.shop, path)
        for _ in range(_MOST_REDIRECTS):
            reply = self._http.request(
                method, url, timeout=_SECONDS, allow_redirects=False, **more
            )
            # Browsers send cookies marked Secure to 127.0.0.1; requests does not.
            for cookie in self._http.cookies:
                cookie.secure = False
            if not reply.is_redirect:
                return reply
            url, method, more = urljoin(url, reply.headers["Location"]), "GET", {}
        raise DemoFailed(
            f"{path} leads in a circle.",
            "Allow the shop's cookies; look into its log.",
        )

    def log_in(self, name: str, password: str) -> requests.Response:
        """Go to the orders page, and through the login that it asks for."""
        reply = self.open("orders/")
        found = Page(reply.text)
        if not found.forms or "username" not in found.forms[0][1]:
            raise DemoFailed(
                f"Keycloak shows no login form but: {found.text[:200]}",
                "Compare the client `shop` at Keycloak with the realm's file.",
            )
        action, inputs = found.forms[0]
        form = inputs | {"username": name, "password": password}
        return self.open(urljoin(reply.url, action), method="POST", data=form)

    def log_out(self) -> requests.Response:
        """Send the form behind the shop's button."""
        reply = self.open("")
        found = [form for form in Page(reply.text).forms if "logout" in form[0]]
        if not found:
            raise DemoFailed("The shop shows no button to log out.", "Log in first.")
        action, inputs = found[0]
        headers = {"Referer": reply.url}
        return self.open(action, method="POST", data=inputs, headers=headers)

    def ask(self, path: str, **headers: str) -> dict[str, Any]:
        """Return what a program gets from the shop.

        Raises:
            DemoFailed: it is not what was asked for; cause and fix are the shop's.
        """
        asked = {"Accept": "application/json", **headers}
        reply = self.open(path, headers=asked)
        if reply.status_code == _OK and "json" in reply.headers["Content-Type"]:
            found: dict[str, Any] = reply.json()
            return found
        raise refused(path, reply)


def refused(path: str, reply: requests.Response) -> DemoFailed:
    """Return the failure that a reply of the shop tells of."""
    try:
        told = reply.json()
        said = told.get("trouble") or told.get("error") or told
    except (requests.JSONDecodeError, AttributeError):
        said = _read(Page(reply.text))
    cause = said.get("cause") or said.get("detail") or "it says nothing of the cause"
    where = reply.url.partition("?")[0]
    return DemoFailed(
        f"{path or 'the home page'} ended at {where} ({reply.status_code}): {cause}",
        said.get("fix") or "Look into the shop's log, above.",
    )


def _read(page: Page) -> dict[str, str]:
    """Cause and fix as the pages of the shop and of kc_exchange write them."""
    cause, told, fix = page.text.partition("What to do")
    if not told:
        return {}
    _, title, cause = cause.rpartition(page.title.partition(" · ")[0])
    cause = cause.strip().removeprefix("What happened").strip()
    fix = re.split(r" Error code: | Kiln is the example", fix.lstrip(":"))[0]
    return {"cause": f"{title}. {cause}", "fix": fix.strip()}
