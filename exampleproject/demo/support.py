"""Support acts as a customer: the steps of the check from the login to the end."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from django.conf import settings

from exampleproject.demo.expectations import expect, expect_token
from exampleproject.demo.failure import DemoFailed
from exampleproject.demo.page import Page
from exampleproject.demo.visitor import Visitor, refused
from exampleproject.orders_api.data import ALICE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests

    from exampleproject.demo.stack import Stack

    Told = list[tuple[str, Mapping[str, Any] | None]]

_OK, _FORBIDDEN = 200, 403
_USERS = "admin/auth/user/"
_REASON = "Order A-1042 is late; alice asks where it is."
_JSON = {"Accept": "application/json"}


class Support:
    """The way of an operator, Sue, who acts as the customer Alice."""

    def __init__(self, stack: Stack, visitor: Visitor, password: str) -> None:
        self.stack = stack
        self.visitor = visitor
        self._password = password
        self._before = ""
        self._during = ""
        self._page: requests.Response | None = None

    def log_in(self) -> Told:
        """Log in as sue, who works for support."""
        reply = self.visitor.log_in("sue", self._password)
        if reply.status_code != _OK or not reply.url.startswith(self.stack.shop):
            raise refused("the login of support", reply)
        self._before = self._session()
        return [("sue is logged in, and sees what the staff sees", None)]

    def choose(self) -> Told:
        """Find Alice in the admin's list of users, and the way to act as her."""
        users = self.visitor.open(_USERS)
        expect(
            users.status_code == _OK and "alice" in Page(users.text).text,
            f"The admin shows sue no list of users ({users.status_code}).",
            "The realm roles staff and support make her a user of the admin.",
        )
        self._page = self._start_page(users)
        return [("the admin's list of users lets her act as alice", None)]

    def state_reason(self) -> Told:
        """See that nothing begins without a reason; then give one."""
        assert self._page is not None  # noqa: S101 - for the type checker
        again = self.visitor.send(self._page, "reason", reason="because")
        expect(
            "reason" in dict(Page(again.text).forms[-1][1]) or _has(again, "reason"),
            "An impersonation began with hardly a reason.",
            "The form asks for ten characters or more; report this.",
        )
        expect(self._session() == self._before, "The session is another.", "Report it.")
        begun = self.visitor.send(again, "reason", reason=_REASON)
        if not begun.url.startswith(f"{self.stack.shop}orders/"):
            raise refused("the start", begun)
        self._during = self._session()
        text = Page(begun.text).text
        expect(
            "Alice Archer" in text and _REASON in text,
            "The orders page does not say that sue acts as alice, and why.",
            "base.html has to show {% impersonation_banner %}.",
        )
        expect(
            self._during not in {"", self._before},
            "The session's key is the same as before the start.",
            "Report this: it has to be renewed.",
        )
        return [("without a reason: refused; with one, sue acts as alice", None)]

    def call_as_customer(self) -> Told:
        """See what the services see: the customer, through a client of its own."""
        found = self.visitor.ask("orders/")
        seen = found["seen"]
        client = settings.SUPPORT_CLIENT_ID
        expect_token(seen, "orders-api", "orders:read", ALICE, by=client)
        numbers = [order["number"] for order in found["orders"]]
        expect(
            numbers == ["A-1042", "A-0987"],
            f"As alice, sue sees {numbers}.",
            "orders-api has to go by the token's sub.",
        )
        invoices = self.visitor.ask("invoices/")["seen"]
        expect_token(invoices, "billing-api", "billing:read", ALICE, by=client)
        return [
            ("orders-api answered as it does to alice", seen),
            ("billing-api too, from the async view", invoices),
        ]

    def refuse_write(self) -> Told:
        """See that a grant to read does not write, and that an e-mail is nobody's."""
        orders = self.visitor.open("orders/")
        written = self.visitor.send(orders, "again")
        expect(
            written.status_code == _FORBIDDEN and "read_only_grant" in written.text,
            f"An order in alice's name was answered {written.status_code}.",
            "A grant is for reading, unless it was asked for otherwise.",
        )
        account = self.visitor.open("account/", headers=_JSON)
        expect(
            account.status_code == _FORBIDDEN
            and "forbidden_while_impersonating" in account.text,
            f"Alice's e-mail address was shown for a change ({account.status_code}).",
            "The view needs @forbid_while_impersonating.",
        )
        numbers = [o["number"] for o in self.visitor.ask("orders/")["orders"]]
        expect(
            numbers == ["A-1042", "A-0987"], f"Alice's orders: {numbers}", "Report it."
        )
        return [
            ("an order in alice's name: 403, read_only_grant", None),
            ("her e-mail address: 403, forbidden_while_impersonating", None),
        ]

    def end(self) -> Told:
        """Press the banner's button; see that Sue is herself again."""
        reply = self.visitor.send(self.visitor.open("orders/"), "/impersonation/end/")
        expect(
            reply.status_code == _OK and "/admin/" in reply.url,
            f"The end led to {reply.url} ({reply.status_code}).",
            "It leads back to where the impersonation was begun.",
        )
        text = Page(self.visitor.open("").text).text
        expect(
            "Sue Porter" in text and "Alice Archer" not in text,
            "After the end the shop does not greet Sue.",
            "Report this: the operator has to be themself again.",
        )
        return [("the banner's button ended it, and sue is sue again", None)]

    def replay(self) -> Told:
        """Send the cookies of before: they are nobody's."""
        for name, value in (("before", self._before), ("during", self._during)):
            with closing(Visitor(self.stack.shop)) as thief:
                thief.take_cookie(settings.SESSION_COOKIE_NAME, value)
                reply = thief.open("orders/")
            expect(
                reply.url.startswith(self.stack.issuer),
                f"The session cookie from {name} the impersonation still opens a page.",
                "Report this: the session's key has to be renewed at start and end.",
            )
        return [("the cookies from before and during it are nobody's", None)]

    def _session(self) -> str:
        return self.visitor.cookie(settings.SESSION_COOKIE_NAME)

    def _start_page(self, users: requests.Response) -> requests.Response:
        """Follow the row's links to the page that asks for a reason."""
        for link in Page(users.text).links:
            if "impersonat" not in link:
                continue
            page = self.visitor.open(link)
            if "alice" in Page(page.text).title + Page(page.text).text:
                return page
        raise DemoFailed(
            "The admin's list of users offers sue nobody to act as.",
            "USER_ADMIN of IMPERSONATION, and the permission kc_exchange.impersonate.",
        )


def _has(page: requests.Response, name: str) -> bool:
    return any(name in inputs for _, inputs in Page(page.text).forms)


def steps(support: Support) -> list[tuple[str, Callable[[], Told]]]:
    """Return the steps in the order in which they are walked."""
    return [
        ("support", support.log_in),
        ("user list", support.choose),
        ("start", support.state_reason),
        ("as alice", support.call_as_customer),
        ("read only", support.refuse_write),
        ("end", support.end),
        ("replay", support.replay),
    ]
