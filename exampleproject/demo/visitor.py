"""As much of a browser as the shop and Keycloak's login page need."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from exampleproject.demo.failure import DemoFailed
from exampleproject.demo.page import Page

_SECONDS = 15
_MOST_REDIRECTS = 10
_OK, _UNAUTHORIZED = 200, 401


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
        return self.send(self.open(""), "logout")

    def send(
        self, page: requests.Response, form: str, **inputs: str
    ) -> requests.Response:
        """Fill in and send a form: one that leads to `form`, or has an input so named.

        Raises:
            DemoFailed: the page has no such form.
        """
        forms = Page(page.text).forms
        found = next((f for f in forms if form in f[0] or form in f[1]), None)
        if found is None:
            where = page.url.partition("?")[0]
            raise DemoFailed(
                f"The page at {where} ({page.status_code}) has no form {form!r}.",
                "Look at the page in a browser: manage.py demo.",
            )
        url, headers = urljoin(page.url, found[0]), {"Referer": page.url}
        return self.open(url, method="POST", data=found[1] | inputs, headers=headers)

    def cookie(self, name: str) -> str:
        """Return the value of a cookie, empty if there is none."""
        return next((c.value or "" for c in self._http.cookies if c.name == name), "")

    def take_cookie(self, name: str, value: str) -> None:
        """Send a cookie that was somebody's."""
        self._http.cookies.set(name, value, domain=urlsplit(self.shop).hostname)

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
    """Cause and fix as the pages of shop, package and admin write them."""
    if len(page.alerts) > 1:
        return {"cause": page.alerts[0], "fix": page.alerts[1]}
    cause, told, fix = page.text.partition("What to do")
    if not told:
        return {}
    _, title, cause = cause.rpartition(page.title.partition(" · ")[0])
    cause = cause.strip().removeprefix("What happened").strip()
    fix = re.split(r" Error code: | Kiln is the example", fix.lstrip(":"))[0]
    return {"cause": f"{title}. {cause}", "fix": fix.strip()}
