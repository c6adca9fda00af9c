"""Two brands in one shop: each has its people, and both share a service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exampleproject.demo.page import Page
from exampleproject.settings import SESSION_COOKIE_NAME
from exampleproject.shop.products import PRODUCTS
from tests.exampleproject.shops import JSON, says_plainly, visitor

if TYPE_CHECKING:
    from exampleproject.demo.stack import Stack


def test_home__is_of_the_brand_that_the_address_is_of(demo: Stack) -> None:
    """The name and the accounts are those of the realm behind it."""
    with visitor(demo) as here, visitor(demo, brand="studio") as there:
        first, second = here.open("").text, there.open("").text
    kiln, studio = Page(first), Page(second)
    assert kiln.title.endswith("· Kiln")
    assert studio.title.endswith("· Kiln Studio")
    assert 'data-brand="kiln"' in first
    assert 'data-brand="kiln-studio"' in second
    assert "alice" in kiln.text
    assert "nora" not in kiln.text
    assert "nora" in studio.text
    assert "alice" not in studio.text


def test_login__is_at_the_realm_of_the_brand(demo: Stack) -> None:
    """And whoever has an account in the other realm has none here."""
    with visitor(demo, brand="studio") as somebody:
        form = somebody.open("orders/")
        reply = somebody.log_in("alice", "alice-demo")
    assert "/realms/studio/" in form.url
    assert "Invalid username or password." in reply.text


def test_nora__has_tokens_of_her_realm_alone(demo: Stack) -> None:
    """Each service sees the studio, and the other realm's support is not asked."""
    with visitor(demo, "nora", brand="studio") as nora:
        orders = nora.ask("orders/")["orders"]
        invoices = nora.ask("invoices/")["invoices"]
        found = nora.ask("behind/")
    assert [order["number"] for order in orders] == ["S-0042"]
    assert [invoice["order"] for invoice in invoices] == ["S-0042"]
    calls = {call["name"]: call for call in found["calls"]}
    assert found["login"]["iss"].endswith("/realms/studio")
    assert calls["orders-api"]["seen"]["iss"] == found["login"]["iss"]
    assert calls["billing-api"]["seen"]["azp"] == "studio"
    assert calls["analytics-api"]["seen"]["iss"].endswith("/realms/shared-services")
    assert "userinfo" not in calls


def test_nora__orders_again(demo: Stack) -> None:
    """The other brand's desk takes orders, too."""
    with visitor(demo, "nora", brand="studio") as nora:
        reply = nora.send(nora.open("orders/"), "S-0042/again")
    assert "Order S-0043 is placed, the same as S-0042." in Page(reply.text).text


def test_trends__of_both_brands(demo: Stack) -> None:
    """A service of a third realm answers people of both, each as themselves."""
    with visitor(demo, "alice") as alice, visitor(demo, "nora", brand="studio") as nora:
        page = alice.open("trends/")
        found = [somebody.ask("trends/") for somebody in (alice, nora)]
    names = [product["name"] for product in found[0]["sold"]]
    assert sorted(names) == sorted(product.name for product in PRODUCTS)
    assert all(name in Page(page.text).text for name in names)
    assert found[0]["sold"] == found[1]["sold"]
    one, other = (answer["seen"] for answer in found)
    assert one["iss"] == other["iss"]
    assert one["aud"] == other["aud"] == ["analytics-api"]
    assert one["azp"] == other["azp"] == "kiln-gateway"
    assert one["sub"] != other["sub"]


def test_trends__of_somebody_whom_the_shared_realm_does_not_know(demo: Stack) -> None:
    """The grant finds nobody, and the page says so; the legacy exchange makes Sam."""
    with visitor(demo, "sam") as sam:
        before = sam.open("trends/")
        told = sam.open("trends/", headers=JSON).json()["error"]
        cards = {card["name"]: card for card in sam.ask("behind/")["calls"]}
        after = sam.open("trends/")
    assert before.status_code == 403
    assert says_plainly(before.text)
    assert told["code"] == "not_linked"
    assert "Identity provider links" in told["fix"]
    assert cards["analytics-api"]["status"] == "no token"
    assert cards["analytics-legacy"]["seen"]["azp"] == "kiln-gateway"
    assert after.status_code == 200


@pytest.mark.parametrize("name", ["orders/", "trends/", "behind/"])
def test_session__is_nobodys_at_the_other_brand(demo: Stack, name: str) -> None:
    """A cookie that is taken there opens nothing; the login's form comes first."""
    with (
        visitor(demo, "nora", brand="studio") as nora,
        visitor(demo) as astray,
    ):
        astray.take_cookie(SESSION_COOKIE_NAME, nora.cookie(SESSION_COOKIE_NAME))
        reply = astray.open(name)
        again = nora.open(name)
    assert reply.url.startswith(demo.issuer)
    assert "kc-form-login" in reply.text
    assert again.url.startswith(demo.studio)


def test_bearer__of_the_other_brand_is_refused(demo: Stack) -> None:
    """The API at one brand's address takes tokens of that brand's realm."""
    with visitor(demo) as app:
        form = {
            "client_id": "shop-app",
            "grant_type": "password",
            "username": "bob",
            "password": "bob-demo",
        }
        reply = app.open(
            f"{demo.issuer}/protocol/openid-connect/token", method="POST", data=form
        )
        token = {"Authorization": f"Bearer {reply.json()['access_token']}"}
        right = app.open("api/orders/", headers={**JSON, **token})
        wrong = app.open(f"{demo.studio}api/orders/", headers={**JSON, **token})
    assert right.status_code == 200
    assert right.json()["customer"] == "bob"
    assert wrong.status_code == 401
    assert "invalid_token" in wrong.headers["WWW-Authenticate"]
