"""The steps of the check, each a function that raises where it does not hold."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from exampleproject.demo import app
from exampleproject.demo.expectations import expect, expect_token
from exampleproject.demo.page import Page
from exampleproject.demo.visitor import Visitor, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exampleproject.demo.stack import Stack

_OK, _UNAUTHORIZED = 200, 401
_MARGIN = 1.5
"""Seconds that the clocks of Keycloak and the shop may be apart."""
_LONGEST_WAIT = 60.0

Told = list[tuple[str, "Mapping[str, Any] | None"]]
"""Lines to print: what held, and the claims of the token it was done with."""


class Walk:
    """One customer's way through the shop, and what was seen on it."""

    def __init__(self, stack: Stack, visitor: Visitor, password: str) -> None:
        self.stack = stack
        self.visitor = visitor
        self._password = password
        self.login: dict[str, Any] = {}
        self.calls: dict[str, dict[str, Any]] = {}
        self.orders: dict[str, Any] = {}

    def log_in(self) -> Told:
        """Log in as alice at Keycloak's own form."""
        reply = self.visitor.log_in("alice", self._password)
        if reply.status_code != _OK or not reply.url.startswith(self.stack.shop):
            raise refused("the login", reply)
        expect(
            "Alice Archer" in Page(reply.text).text,
            "The shop does not greet Alice after her login.",
            "Look at KeycloakOIDCBackend and USER_FROM_CLAIMS.",
        )
        return [("alice is logged in, and sees her orders", None)]

    def capture(self) -> Told:
        """Look at the token that the login left in the session."""
        self._look_behind()
        own = self.login
        expect(
            own["azp"] == "shop" and own["refreshable"],
            "The login left no token of the client shop, or none to refresh it with.",
            "AUTHENTICATION_BACKENDS has to name KeycloakOIDCBackend.",
        )
        return [("the login's token is sealed in her session", own)]

    def exchange(self) -> Told:
        """See that orders-api got a token for it alone."""
        self.orders = self.visitor.ask("orders/")
        seen = self.orders["seen"]
        expect_token(seen, "orders-api", "orders:read", self.login["sub"])
        expect(
            seen["jti"] != self.login["jti"],
            "orders-api got the login's own token.",
            "STRATEGY of orders-api has to be 'exchange'.",
        )
        numbers = [order["number"] for order in self.orders["orders"]]
        expect(
            numbers == ["A-1042", "A-0987"],
            f"orders-api answered with other orders than Alice's: {numbers}",
            "Compare the users' ids at Keycloak with the realm's file: import it anew.",
        )
        return [("orders-api answered to a token made for it alone", seen)]

    def cache(self) -> Told:
        """See that a second call brings no second exchange."""
        again = self.visitor.ask("orders/")["seen"]
        expect(
            again["cached"] and again["jti"] == self.orders["seen"]["jti"],
            "A second call took another token.",
            "Is DEBUG's autoreloader running, or CACHE_SIZE tiny?",
        )
        return [("a second call took the same token, from the cache", again)]

    def async_view(self) -> Told:
        """Call the other service from an async view."""
        found = self.visitor.ask("invoices/")
        expect_token(found["seen"], "billing-api", "billing:read", self.login["sub"])
        expect(
            len(found["invoices"]) > 0,
            "billing-api has no invoices for Alice.",
            "Compare the users' ids at Keycloak with the realm's file: import it anew.",
        )
        return [("billing-api answered to the async view", found["seen"])]

    def strategies(self) -> Told:
        """See the other two strategies at work."""
        stock, user = self.calls["stock"]["seen"], self.calls["userinfo"]["user"]
        expect(
            stock["sub"] != self.login["sub"] and "orders-api" in stock["aud"],
            "The stock was not asked for as the shop itself.",
            "The client shop needs its service account switched on.",
        )
        expect(
            user["sub"] == self.login["sub"],
            "Keycloak's user info speaks of somebody else.",
            "STRATEGY of userinfo has to be 'forward'.",
        )
        return [
            ("the stock was asked for by the service account", stock),
            ("Keycloak's user info took the login's own token", self.login),
        ]

    def wrong_audience(self) -> Told:
        """See that orders-api refuses a token for billing-api."""
        call = self.calls["wrong-door"]
        expect(
            call["status"] == _UNAUTHORIZED and "invalid_token" in call["refusal"],
            f"orders-api answered {call['status']} to a token for billing-api.",
            "AUDIENCES of orders-api may name orders-api alone.",
        )
        return [("orders-api refused a token for billing-api with 401", None)]

    def bearer(self) -> Told:
        """Call the shop's API as its app does, with a bearer token."""
        found = app.customer_data(self.stack, "alice", self._password)
        told: Told = [(f"the app's call was {found['customer']}'s", None)]
        for name, scope in (
            ("orders-api", "orders:read"),
            ("billing-api", "billing:read"),
        ):
            seen = found["seen"][name]
            expect_token(seen, name, scope, self.login["sub"])
            told.append((f"{name} answered to the app's call", seen))
        app.expect_refusals(self.stack)
        return [*told, ("without a token, or with a bad one: 401", None)]

    def refresh(self) -> Told:
        """Wait until the token is over; see that the shop renews it by itself."""
        before, seconds = self.login, self.login["exp"] - time.time() + _MARGIN
        expect(
            seconds < _LONGEST_WAIT,
            f"The tokens of the client shop live for {seconds:.0f} s more.",
            "Clients > shop > Advanced > Access Token Lifespan: 20 seconds.",
        )
        time.sleep(max(0.0, seconds))
        seen = self.visitor.ask("orders/")["seen"]
        expect_token(seen, "orders-api", "orders:read", before["sub"])
        self._look_behind()
        expect(
            self.login["jti"] != before["jti"] and self.login["exp"] > before["exp"],
            "The login's token was not refreshed.",
            "The login has to keep its refresh token: KeycloakOIDCBackend does.",
        )
        return [
            (f"after {max(0.0, seconds):.0f} s the token was refreshed", self.login),
            ("and exchanged anew for orders-api", seen),
        ]

    def another(self) -> Told:
        """See that Bob gets his own orders, with his own token."""
        with closing(Visitor(self.stack.shop)) as bob:
            bob.log_in("bob", self._password.replace("alice", "bob"))
            found = bob.ask("orders/")
        numbers = [order["number"] for order in found["orders"]]
        expect(
            numbers == ["B-0311"] and found["seen"]["sub"] != self.login["sub"],
            f"Bob sees {numbers}.",
            "Report this: two people must never share a token.",
        )
        return [("bob sees his own orders, with a token of his own", found["seen"])]

    def log_out(self) -> Told:
        """Log out, at the shop and at Keycloak."""
        reply = self.visitor.log_out()
        if reply.status_code != _OK or not reply.url.startswith(self.stack.shop):
            raise refused("the logout", reply)
        reply = self.visitor.open("orders/")
        asked = [inputs for _, inputs in Page(reply.text).forms]
        expect(
            reply.url.startswith(self.stack.issuer) and "username" in asked[0],
            "After the logout the orders page is still open.",
            "OIDC_OP_LOGOUT_URL_METHOD has to name provider_logout.",
        )
        return [("logged out here and at Keycloak; the next visit asks again", None)]

    def _look_behind(self) -> None:
        found = self.visitor.ask("behind/")
        expect(
            bool(found["login"]),
            "The login left no token in the session.",
            "AUTHENTICATION_BACKENDS has to name KeycloakOIDCBackend.",
        )
        self.login = found["login"]
        self.calls = {call["name"]: call for call in found["calls"]}


def steps(walk: Walk) -> list[tuple[str, Callable[[], Told]]]:
    """Return the steps in the order in which they are walked."""
    return [
        ("login", walk.log_in),
        ("capture", walk.capture),
        ("exchange", walk.exchange),
        ("cache", walk.cache),
        ("async", walk.async_view),
        ("strategies", walk.strategies),
        ("wrong audience", walk.wrong_audience),
        ("bearer", walk.bearer),
        ("another user", walk.another),
        ("refresh", walk.refresh),
        ("logout", walk.log_out),
    ]
