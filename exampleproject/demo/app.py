"""The shop's app: a program without cookies, which sends a bearer token."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import requests

from exampleproject.demo.expectations import expect
from exampleproject.demo.visitor import Visitor

if TYPE_CHECKING:
    from exampleproject.demo.stack import Stack

_SECONDS = 10
_OK, _UNAUTHORIZED = 200, 401


def customer_data(stack: Stack, name: str, password: str) -> dict[str, Any]:
    """Return what the shop's API answers to a customer's app."""
    token = access_token(stack, name, password)
    with closing(Visitor(stack.shop)) as app:
        return app.ask("api/orders/", Authorization=f"Bearer {token}")


def expect_refusals(stack: Stack) -> None:
    """Raise unless the API refuses a call without a token, and one with a bad one."""
    address = urljoin(stack.shop, "api/orders/")
    for headers in ({}, {"Authorization": "Bearer not.a.token"}):
        reply = _sent("GET", address, headers=headers)
        challenge = reply.headers.get("WWW-Authenticate", "")
        expect(
            reply.status_code == _UNAUTHORIZED and challenge.startswith("Bearer"),
            f"The shop's API answered {reply.status_code} to nobody.",
            "KeycloakBearerAuthentication has to come first in the view.",
        )


def parcel_token(stack: Stack, client: str) -> str:
    """Return what the parcel service gave Gina in one of the apps that use it."""
    return _logged_in(stack.parcel, client, "gina", "gina-demo")["id_token"]


def exchange_parcel(stack: Stack, token: str) -> requests.Response:
    """Bring it to the shop, as the shop's app does."""
    form = {
        "subject_token": token,
        "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
        "subject_issuer": "parcel",
    }
    return _sent("POST", urljoin(stack.shop, "api/token/"), data=form)


def access_token(stack: Stack, name: str, password: str) -> str:
    """Return the token of a customer who logs in to the app."""
    return _logged_in(stack.issuer, "shop-app", name, password)["access_token"]


def _logged_in(issuer: str, client: str, name: str, password: str) -> dict[str, str]:
    form = {
        "grant_type": "password",
        "client_id": client,
        "username": name,
        "password": password,
        "scope": "openid",
    }
    address = f"{issuer}/protocol/openid-connect/token"
    reply = _sent("POST", address, data=form)
    expect(
        reply.status_code == _OK,
        f"{issuer} gives the app no token ({reply.status_code}).",
        f"The realm needs the client {client}: provision it, or take its own file.",
    )
    found: dict[str, str] = reply.json()
    return found


def _sent(method: str, url: str, **more: Any) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, url, timeout=_SECONDS, **more)
