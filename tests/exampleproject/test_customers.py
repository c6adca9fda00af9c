"""What customers change in the shop, and who may do what by their realm roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User

from exampleproject.demo.page import Page
from kc_exchange.models import user_of
from tests.exampleproject.shops import visitor

if TYPE_CHECKING:
    from exampleproject.demo.stack import Stack


def claims(*roles: str) -> dict[str, object]:
    """What an ID token of the shop's realm says of a person."""
    return {
        "iss": "http://id.example/realms/shop",
        "sub": "a subject",
        "preferred_username": "sue",
        "realm_access": {"roles": list(roles)},
    }


@pytest.fixture
def _people(settings: Any) -> None:
    """The shop's function decides who is who."""
    found = "exampleproject.shop.people.user_from_claims"
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "USER_FROM_CLAIMS": found}


def test_order_again__is_placed_by_the_customer(demo: Stack) -> None:
    """orders-api gets a token that may write, and knows whose order it is."""
    with visitor(demo, "bob") as bob:
        reply = bob.send(bob.open("orders/"), "B-0311/again")
        numbers = [order["number"] for order in bob.ask("orders/")["orders"]]
    assert reply.url == f"{demo.shop}orders/"
    assert "Order B-0312 is placed, the same as B-0311." in Page(reply.text).text
    assert numbers == ["B-0312", "B-0311"]


def test_order_again__of_somebody_else(demo: Stack) -> None:
    """A number of another customer's is no order of hers."""
    with visitor(demo, "alice") as alice:
        page = alice.open("orders/")
        page._content = page.content.replace(b"A-0987/again", b"B-0311/again")
        reply = alice.send(page, "B-0311/again")
    assert reply.status_code == 502
    assert "orders-api answered with 404" in Page(reply.text).text


def test_order_again__is_no_link(demo: Stack) -> None:
    """Only a form places an order."""
    with visitor(demo, "alice") as alice:
        assert alice.open("orders/A-1042/again/").status_code == 405


def test_account__saves_the_address(demo: Stack) -> None:
    """What was saved is shown; what is no address is refused."""
    with visitor(demo, "bob") as bob:
        before = bob.open("account/")
        wrong = bob.send(before, "email", email="nowhere")
        saved = bob.send(before, "email", email="bob@elsewhere.example")
    assert "bob@shop.example" in before.text
    assert "valid email address" in wrong.text
    assert 'value="bob@elsewhere.example"' in saved.text
    assert "Your e-mail address is saved." in saved.text


@pytest.mark.parametrize("path", ["", "orders/", "account/", "admin/", "nowhere/"])
def test_policy__runs_nothing_inline(demo: Stack, path: str) -> None:
    """Every page says so, the admin's and a missing one included."""
    with visitor(demo, "sam") as sam:
        policy = sam.open(path).headers["Content-Security-Policy"]
    assert "script-src 'self'; style-src 'self';" in policy
    assert "unsafe" not in policy


@pytest.mark.django_db
@pytest.mark.usefixtures("_people")
def test_roles__are_followed_at_each_login() -> None:
    """Whoever gets or loses a role at Keycloak does so in the admin's groups."""

    def user(*roles: str) -> User:
        found = user_of(claims(*roles))
        assert found is not None
        return User.objects.get(pk=found.pk)

    assert not user("customer").is_staff
    sue = user("staff", "support")
    assert sue.is_staff
    assert sue.has_perm("kc_exchange.impersonate")
    assert sue.has_perm("kc_exchange.view_auditevent")
    sam = user("staff")
    assert sam.is_staff
    assert not sam.has_perm("kc_exchange.impersonate")
    assert sam.has_perm("kc_exchange.end_impersonation")
    assert not user("customer").get_all_permissions()


def test_seed__makes_nobody_twice(demo: Stack) -> None:
    """The demo has made everybody known; a second time changes nothing."""
    done = demo.manage("seed")
    assert done.stdout == "Known to the shop: alice, bob, sam, sue.\n"
    with visitor(demo, "sam") as sam:
        users = Page(sam.open("admin/auth/user/").text).text
    assert "4 users" in users
