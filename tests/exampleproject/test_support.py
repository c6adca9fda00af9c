"""Support acts as a customer in a running shop, and reads why where it cannot."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from exampleproject.demo.keycloak import FEATURES, realms
from exampleproject.demo.page import Page
from exampleproject.orders_api.data import ALICE
from kc_exchange.testing import EmbeddedKeycloak
from tests.exampleproject.shops import (
    ANY_PORT,
    JSON,
    manage,
    says_plainly,
    shop,
    visitor,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from exampleproject.demo.stack import Stack
    from exampleproject.demo.visitor import Visitor

REASON = "Order A-1042 is late; alice asks where it is."


def start(sue: Visitor, name: str = "alice", **inputs: str) -> requests.Response:
    """Start from the admin's list of users; where it led to."""
    users = sue.open("admin/auth/user/")
    for link in Page(users.text).links:
        page = sue.open(link) if link.endswith("/impersonate/") else users
        if Page(page.text).title.startswith(f"Act as {name} "):
            return sue.send(page, "reason", reason=REASON, **inputs)
    pytest.fail(f"Nothing leads to {name}.")


@contextmanager
def operator(running: Stack, **inputs: str) -> Iterator[Visitor]:
    """Sue, who acts as Alice until the block ends."""
    with visitor(running, "sue") as sue:
        begun = start(sue, **inputs)
        assert begun.url == f"{running.shop}orders/", Page(begun.text).text
        yield sue
        sue.send(sue.open(""), "/impersonation/end/")


def test_support__calls_every_service_as_the_customer(demo: Stack) -> None:
    """None gets a token of Sue's, and the user info of Keycloak is Alice's."""
    with operator(demo) as sue:
        calls = {call["name"]: call for call in sue.ask("behind/")["calls"]}
        api = sue.ask("api/orders/")
    for name in ("orders-api", "billing-api"):
        assert calls[name]["seen"]["sub"] == api["seen"][name]["sub"] == ALICE
        assert calls[name]["seen"]["azp"] == "shop-support"
        assert calls[name]["strategy"] == "impersonate"
    assert calls["userinfo"]["user"]["email"] == "alice@shop.example"
    assert calls["stock"]["seen"]["azp"] == "shop"
    assert calls["wrong-door"]["status"] == 401
    assert api["customer"] == "alice"


def test_support__writes_where_it_was_asked_for(demo: Stack) -> None:
    """A grant to write orders in Alice's name; her address is hers all the same."""
    with operator(demo, mode="read-write") as sue:
        sue.send(sue.open("orders/"), "A-0987/again")
        numbers = [order["number"] for order in sue.ask("orders/")["orders"]]
        account = sue.open("account/", headers=JSON)
    assert numbers == ["A-1043", "A-1042", "A-0987"]
    assert account.status_code == 403
    assert account.json()["error"]["code"] == "forbidden_while_impersonating"


def test_support__is_refused_to_write_as_a_program_is(demo: Stack) -> None:
    """A stable code, for JSON."""
    with operator(demo) as sue:
        page = sue.open("orders/")
        action, inputs = next(f for f in Page(page.text).forms if "again" in f[0])
        reply = sue.open(
            action, method="POST", data=inputs, headers={**JSON, "Referer": page.url}
        )
    assert reply.status_code == 403
    assert reply.json()["error"]["code"] == "read_only_grant"


def test_support__is_not_sam(demo: Stack) -> None:
    """Sam has a role at Keycloak that Sue has not, so nobody acts as him."""
    with visitor(demo, "sue") as sue:
        reply = start(sue, "sam")
    assert reply.status_code == 403
    assert "roles that you do not have: orders-api/refund" in Page(reply.text).text


def test_staff__finds_nobody_to_act_as(demo: Stack) -> None:
    """Sam sees the record, and not the button; its address refuses him."""
    with visitor(demo, "sam") as sam:
        users = sam.open("admin/auth/user/")
        links = [link for link in Page(users.text).links if "impersonate" in link]
        reply = sam.open("admin/auth/user/1/impersonate/")
        events = sam.open("admin/kc_exchange/auditevent/")
    assert links == []
    assert "may not act as other people" in Page(reply.text).text
    assert events.status_code == 200


# Set up wrongly


def test_no_legacy_exchange__is_said_before_anything_begins() -> None:
    """Whoever has Keycloak without the feature reads which one it is."""
    with (
        EmbeddedKeycloak(*realms()) as keycloak,
        shop(keycloak.url) as running,
        visitor(running, "sue") as sue,
    ):
        reply = start(sue)
        text = Page(reply.text).text
        done = manage("demo", "--check", "--keycloak", keycloak.url, **ANY_PORT)
    assert reply.status_code == 500
    assert "Keycloak runs without its legacy token exchange" in text
    assert "--features=token-exchange" in text
    assert done.returncode == 1
    assert "another realm: The legacy exchange gave no token" in done.stderr
    assert "Fix: Keycloak needs --features=token-exchange" in done.stderr
    assert says_plainly(reply.text + done.stdout + done.stderr)


def test_no_role__is_said_with_its_name() -> None:
    """Support at the shop is not enough: Keycloak, too, has to allow it."""
    documents = realms()
    support = next(r for r in documents[0]["roles"]["realm"] if r["name"] == "support")
    support["composites"].clear()
    with (
        EmbeddedKeycloak(*documents, features=FEATURES) as keycloak,
        shop(keycloak.url) as running,
        visitor(running, "sue") as sue,
    ):
        reply = start(sue)
    text = Page(reply.text).text
    assert reply.status_code == 403
    assert "does not let this operator impersonate this user" in text
    assert "client role impersonation of realm-management" in text


def test_no_audience__is_said_with_the_client() -> None:
    """Without the client scope, no token of hers is meant for shop-support."""
    documents = realms()
    client = next(c for c in documents[0]["clients"] if c["clientId"] == "shop")
    client["defaultClientScopes"].remove("impersonation")
    with (
        EmbeddedKeycloak(*documents, features=FEATURES) as keycloak,
        shop(keycloak.url) as running,
        visitor(running, "sue") as sue,
    ):
        reply = start(sue)
    assert "token is not meant for shop-support" in Page(reply.text).text
    assert "an audience mapper for shop-support" in Page(reply.text).text


def test_wrong_secret__of_the_client_for_support(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The shop itself goes on; the start names the client whose secret it is."""
    monkeypatch.setenv("SHOP_SUPPORT_CLIENT_SECRET", "not-the-secret-of-the-client")
    with shop() as running, visitor(running, "sue") as sue:
        orders = sue.open("orders/")
        reply = start(sue)
    assert orders.status_code == 200
    assert "the credential of client shop-support" in Page(reply.text).text
    assert says_plainly(reply.text)
