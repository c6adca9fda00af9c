"""A browser between the project and Keycloak, and the views that it visits."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

import requests
from django.http import HttpRequest, JsonResponse
from django.test import Client
from django.urls import path

from kc_exchange import capture, downstream_session

if TYPE_CHECKING:
    from kc_exchange.tokens import TokenSet

HOME = "http://localhost"


class Browser:
    """Django's test client for the project, `requests` for Keycloak."""

    def __init__(self, host: str = "localhost") -> None:
        self._home = f"http://{host}"
        self.project = Client(SERVER_NAME=host)
        self._keycloak = requests.Session()
        self._keycloak.trust_env = False

    def sign_in(self, start: str, username: str, *, method: str = "get") -> Any:
        """Begin at `start`, fill in Keycloak's form, return the callback's response.

        Who is signed in to Keycloak already is sent back without a form.
        """
        back = self.follow(getattr(self.project, method)(start)["Location"])
        if "Location" not in back.headers:
            form = re.search(r'action="([^"]+)"', back.text)
            assert form is not None, back.text
            back = self._keycloak.post(
                unescape(form[1]),
                data={"username": username, "password": f"{username}-password"},
                allow_redirects=False,
            )
        return self.project.get(back.headers["Location"].removeprefix(self._home))

    def follow(self, location: str) -> requests.Response:
        """Visit a page of Keycloak, go no further."""
        return self._keycloak.get(location, allow_redirects=False)

    @property
    def kept(self) -> TokenSet | None:
        """What lies in the project's session."""
        request = HttpRequest()
        request.COOKIES = {k: v.value for k, v in self.project.cookies.items()}
        request.session = self.project.session
        return capture.kept(request)


def whoami(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"user": request.user.get_username()})


def orders(request: HttpRequest) -> JsonResponse:
    with downstream_session("orders-api") as session:
        return JsonResponse({"status": session.get("v1/orders").status_code})


views = [path("whoami/", whoami), path("orders/", orders)]
