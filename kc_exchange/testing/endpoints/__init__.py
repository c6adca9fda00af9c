"""The endpoints of a realm: which path and method leads to which function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kc_exchange.testing.context import RealmServer
from kc_exchange.testing.endpoints.authorize import authorize
from kc_exchange.testing.endpoints.discovery import certs, discovery, realm_info
from kc_exchange.testing.endpoints.introspect import introspect
from kc_exchange.testing.endpoints.login import authenticate
from kc_exchange.testing.endpoints.logout import logout
from kc_exchange.testing.endpoints.revoke import revoke
from kc_exchange.testing.endpoints.token import token
from kc_exchange.testing.endpoints.userinfo import userinfo
from kc_exchange.testing.messages import Request, Response

Endpoint = Callable[[RealmServer, Request], Response]


@dataclass(frozen=True, slots=True)
class Route:
    """Name an endpoint, the methods it takes and the function that answers."""

    name: str
    methods: tuple[str, ...]
    answer: Endpoint


PROTOCOL = "/protocol/openid-connect"
ROUTES: dict[str, Route] = {
    "": Route("realm", ("GET",), realm_info),
    "/.well-known/openid-configuration": Route("discovery", ("GET",), discovery),
    f"{PROTOCOL}/auth": Route("auth", ("GET", "POST"), authorize),
    "/login-actions/authenticate": Route("login", ("GET", "POST"), authenticate),
    f"{PROTOCOL}/certs": Route("certs", ("GET",), certs),
    f"{PROTOCOL}/token": Route("token", ("POST",), token),
    f"{PROTOCOL}/token/introspect": Route("introspect", ("POST",), introspect),
    f"{PROTOCOL}/revoke": Route("revoke", ("POST",), revoke),
    f"{PROTOCOL}/logout": Route("logout", ("GET", "POST"), logout),
    f"{PROTOCOL}/userinfo": Route("userinfo", ("GET", "POST"), userinfo),
}
