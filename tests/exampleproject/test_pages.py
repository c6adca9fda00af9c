"""The shop's pages and its API, in a running shop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from exampleproject.demo.page import Page
from tests.exampleproject.shops import JSON, says_plainly, visitor

if TYPE_CHECKING:
    from exampleproject.demo.stack import Stack


def test_home__is_for_anybody(demo: Stack) -> None:
    """The stock is asked for by the service account, so nobody has to log in."""
    with visitor(demo) as somebody:
        reply = somebody.open("")
    text = Page(reply.text).text
    assert reply.status_code == 200
    assert "Morning mug" in text
    assert "32 left" in text
    assert "sold out" in text


@pytest.mark.parametrize(
    "path", ["orders/", "invoices/", "trends/", "behind/", "admin/"]
)
def test_page__asks_for_a_login(demo: Stack, path: str) -> None:
    """Keycloak's form comes before every page that is somebody's."""
    with visitor(demo) as somebody:
        reply = somebody.open(path)
    assert reply.url.startswith(demo.issuer)
    assert "kc-form-login" in reply.text


def test_login__leads_to_the_page_that_was_asked_for(demo: Stack) -> None:
    """Alice asked for her orders and gets them."""
    with visitor(demo) as alice:
        reply = alice.log_in("alice", "alice-demo")
    text = Page(reply.text).text
    assert reply.url == f"{demo.shop}orders/"
    assert "Alice Archer" in text
    assert "Order A-1042" in text
    assert "B-0311" not in text


def test_login__with_a_wrong_password(demo: Stack) -> None:
    """Keycloak says so, and the shop stays closed."""
    with visitor(demo) as somebody:
        reply = somebody.log_in("alice", "a wrong one")
        assert "Invalid username or password." in reply.text
        assert somebody.open("orders/").url.startswith(demo.issuer)


def test_orders__second_visit_is_from_the_cache(demo: Stack) -> None:
    """The page says where its token came from."""
    with visitor(demo, "alice") as alice:
        first, second = alice.ask("orders/"), alice.open("orders/")
    assert first["seen"]["aud"] == ["orders-api"]
    assert "from the cache" in Page(second.text).text


def test_orders__of_the_staff(demo: Stack) -> None:
    """Sam sees everybody's, for orders-api finds the role in his token."""
    with visitor(demo, "sam") as sam:
        found = sam.ask("orders/")
        admin = sam.open("admin/")
    assert [order["number"] for order in found["orders"]] == [
        "A-1042",
        "S-0042",
        "B-0311",
        "A-0987",
    ]
    assert found["seen"]["azp"] == "shop"
    assert "Users" in Page(admin.text).text


def test_admin__is_not_for_customers(demo: Stack) -> None:
    """Alice is told why, instead of being sent in a circle."""
    with visitor(demo, "alice") as alice:
        reply = alice.open("admin/")
    assert reply.status_code == 403
    assert "role staff" in Page(reply.text).text


def test_behind__shows_claims_and_no_token(demo: Stack) -> None:
    """What was seen of each token, the refused one included."""
    with visitor(demo, "bob") as bob:
        page = bob.open("behind/")
        bob.ask("behind/")
        calls = {call["name"]: call for call in bob.ask("behind/")["calls"]}
    assert says_plainly(page.text)
    assert "The service said: Bearer" in Page(page.text).text
    assert {name: call["status"] for name, call in calls.items()} == {
        "orders-api": 200,
        "billing-api": 200,
        "stock": 200,
        "analytics-api": 200,
        "analytics-legacy": 200,
        "userinfo": 200,
        "wrong-door": 401,
    }
    assert calls["billing-api"]["seen"]["cached"], "the wrong door cost it its token"


def test_logout__is_one_at_keycloak_too(demo: Stack) -> None:
    """Who comes back has to log in again."""
    with visitor(demo, "bob") as bob:
        reply = bob.log_out()
        assert reply.url == demo.shop
        assert "kc-form-login" in bob.open("orders/").text


def test_admin_logout__is_one_at_keycloak_too(demo: Stack) -> None:
    """The button in the admin does what the shop's does."""
    with visitor(demo, "sam") as sam:
        form = next(f for f in Page(sam.open("admin/").text).forms if "logout" in f[0])
        headers = {"Referer": f"{demo.shop}admin/"}
        sam.open(form[0], method="POST", data=form[1], headers=headers)
        assert "kc-form-login" in sam.open("admin/").text


@pytest.mark.parametrize(
    "query", ["", "?code=made-up&state=made-up", "?error=access_denied"]
)
def test_callback__that_was_made_up(demo: Stack, query: str) -> None:
    """A page says that there was no login; nothing is raised."""
    with visitor(demo) as somebody:
        somebody.open("login/")
        reply = somebody.open(f"oidc/callback/{query}")
    assert reply.status_code == 403
    assert "You are not logged in" in Page(reply.text).text


def test_api__in_the_session_of_the_pages(demo: Stack) -> None:
    """The pages' own session is enough for the API."""
    with visitor(demo, "bob") as bob:
        found = bob.ask("api/orders/")
    assert found["customer"] == "bob"
    assert found["seen"]["billing-api"]["aud"] == ["billing-api"]


@pytest.mark.parametrize("path", ["v1/orders/", "v1/orders/all/", "v1/stock/"])
def test_service__refuses_a_call_without_a_token(demo: Stack, path: str) -> None:
    """The services know nobody but by a token."""
    reply = requests.get(demo.services["orders-api"] + path, headers=JSON, timeout=10)
    assert reply.status_code == 401
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")


def test_service__refuses_the_logins_own_token(demo: Stack) -> None:
    """A token that no exchange narrowed is not for orders-api."""
    form = {
        "client_id": "shop-app",
        "grant_type": "password",
        "username": "alice",
        "password": "alice-demo",
    }
    address = f"{demo.issuer}/protocol/openid-connect/token"
    token = requests.post(address, data=form, timeout=10).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    reply = requests.get(
        f"{demo.services['orders-api']}v1/orders/", headers=headers, timeout=10
    )
    assert reply.status_code == 401
    assert 'error="invalid_token"' in reply.headers["WWW-Authenticate"]
