"""Support acts as a customer in a browser: there, and safely back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.people import (
    BANNER,
    END,
    REASON,
    USERS,
    act_as,
    let_expire,
    log_in,
    open_start_page,
)

if TYPE_CHECKING:
    from exampleproject.demo.stack import Stack

pytestmark = pytest.mark.browser


def numbers(page: Any) -> list[str]:
    """The orders on the page."""
    return [
        text.removeprefix("Order ") for text in page.locator("h2").all_inner_texts()
    ]


def test_impersonation__from_the_user_list_and_back(sue: Any, demo: Stack) -> None:
    """Sue states a reason, sees Alice's orders and a banner, and ends it there."""
    open_start_page(sue)
    assert "Act as alice" in sue.title()
    sue.fill("#id_reason", REASON)
    sue.fill("#id_ticket", "KILN-7")
    sue.get_by_role("button", name="Start").click()
    sue.wait_for_selector("h1:has-text('Your orders')")

    assert sue.url == f"{demo.shop}orders/"
    assert numbers(sue) == ["A-1042", "A-0987"]
    assert sue.inner_text("#user") == "Alice Archer"
    banner = sue.inner_text(BANNER)
    for said in ("sue acts as alice", "read only", REASON, "KILN-7"):
        assert said in banner
    assert "Fetched from orders-api as Alice Archer" in sue.inner_text(".origin")

    sue.click(END)
    sue.wait_for_selector("text=You no longer act as alice.")
    assert sue.url.startswith(f"{demo.shop}{USERS}")
    history = sue.inner_text("section[aria-labelledby='kc-impersonations']")
    assert "sue" in history
    assert "stopped by the operator" in history
    sue.goto("orders/")
    assert sue.inner_text("#user") == "Sue Porter"
    assert sue.locator(BANNER).count() == 0


def test_impersonation__shows_the_customers_token(sue: Any) -> None:
    """Each service saw Alice, by way of the client that is for support alone."""
    act_as(sue)
    sue.goto("behind/")
    card = sue.locator("section[aria-labelledby='call-orders-api']").inner_text()
    assert "ac6e8721-d617-5576-8b2a-aa0ac2f97123" in card
    assert "shop-support" in card
    assert sue.locator("#login").count() == 0


def test_start_page__says_what_is_wrong(sue: Any) -> None:
    """What was typed stays, and nothing has begun."""
    open_start_page(sue)
    assert "For example KILN-123." in sue.inner_text(".field-ticket .help")
    assert "forms are refused" in sue.inner_text(".field-mode .help")
    sue.fill("#id_reason", "because of")
    sue.fill("#id_ticket", "no ticket")
    sue.get_by_role("button", name="Start").click()
    sue.wait_for_selector(".errornote")
    assert "For example KILN-123." in sue.inner_text(".field-ticket .errorlist")
    assert sue.input_value("#id_reason") == "because of"
    assert sue.title().startswith("Error:")
    assert sue.locator(BANNER).count() == 0


def test_list__offers_nobody_to_whom_it_is_not_allowed(page: Any) -> None:
    """Sam sees the list of users without a button, and the record of grants."""
    page.goto(USERS)
    log_in(page, "sam")
    page.wait_for_selector("text=alice")
    assert page.get_by_role("link", name="Act as").count() == 0
    page.goto("admin/kc_exchange/impersonationgrant/")
    page.wait_for_selector("h1")
    assert page.locator("#changelist").count() == 1


def test_start__as_somebody_with_more_roles_at_keycloak(sue: Any) -> None:
    """Sam may give money back, and Sue may not: she is told so, and nothing begins."""
    open_start_page(sue, "sam")
    sue.fill("#id_reason", REASON)
    sue.get_by_role("button", name="Start").click()
    sue.wait_for_selector(".errornote")
    assert "orders-api/refund" in sue.inner_text(".errornote")
    assert sue.locator(BANNER).count() == 0


def test_read_only__refuses_an_order_in_the_customers_name(sue: Any) -> None:
    """A page says why; the impersonation goes on, and nothing was ordered."""
    act_as(sue)
    sue.get_by_role("button", name="Order A-1042 again").click()
    sue.wait_for_selector("text=This impersonation is for reading only")
    assert sue.locator(BANNER).count() == 1
    sue.click("text=Back to where you were")
    sue.wait_for_selector("h1:has-text('Your orders')")
    assert numbers(sue) == ["A-1042", "A-0987"]


def test_account__is_nobodys_but_the_customers(sue: Any) -> None:
    """Not even in a grant to write."""
    act_as(sue, "bob", writing=True)
    sue.get_by_role("button", name="Order B-0311 again").click()
    sue.wait_for_selector("text=Order B-0312 is placed")
    sue.click("#user")
    sue.wait_for_selector("text=Only the person does this")
    assert sue.locator("input[type=email]").count() == 0


def test_expiry__in_the_open_page(sue: Any, demo: Stack) -> None:
    """The banner says that time is up, and the next click finds the grant ended."""
    act_as(sue)
    let_expire(demo, 4)
    sue.reload()
    assert "one more minute" in sue.inner_text(f"{BANNER} [role=status]")
    sue.wait_for_selector("[data-kc-over]:not([hidden])")
    assert "you no longer act as alice" in sue.inner_text(f"{BANNER} [role=status]")

    sue.wait_for_timeout(1_000)  # the banner counts whole seconds
    sue.get_by_role("link", name="Invoices").click()
    sue.wait_for_selector("text=time limit reached")
    assert "You no longer act as alice" in sue.inner_text("main")
    assert sue.locator(BANNER).count() == 0
    sue.goto("orders/")
    assert sue.inner_text("#user") == "Sue Porter"


def test_forced_end__reaches_the_operator(sue: Any, chromium: Any, demo: Stack) -> None:
    """Sam ends Sue's grant in the admin; her next click says who did."""
    act_as(sue)
    context = chromium.new_context(base_url=demo.shop)
    sam = context.new_page()
    sam.goto("admin/kc_exchange/impersonationgrant/?state=open")
    log_in(sam, "sam")
    sam.locator("#result_list tbody a").first.click()
    sam.get_by_role("button", name="End now").click()
    sam.wait_for_selector(".messagelist")
    context.close()

    sue.get_by_role("link", name="Invoices").click()
    sue.wait_for_selector("text=ended by somebody else")
    sue.goto("orders/")
    assert sue.inner_text("#user") == "Sue Porter"


def test_two_tabs__one_ends_it(sue: Any) -> None:
    """A form that is left open in the other tab does nothing in Sue's own name."""
    act_as(sue)
    other = sue.context.new_page()
    other.goto("orders/")
    assert other.inner_text("#user") == "Alice Archer"
    sue.click(END)
    sue.wait_for_selector("text=You no longer act as alice.")

    with other.expect_navigation() as answer:
        other.get_by_role("button", name="Order A-1042 again").click()
    assert answer.value.status == 403
    other.goto("orders/")
    assert other.inner_text("#user") == "Sue Porter"
    assert "A-1043" not in numbers(other)


def test_two_tabs__no_second_start(sue: Any) -> None:
    """Who acts as Alice does not become Bob by a form that was open before."""
    open_start_page(sue, "bob")
    other = sue.context.new_page()
    act_as(other)
    sue.fill("#id_reason", REASON)
    with sue.expect_navigation() as answer:
        sue.get_by_role("button", name="Start").click()
    assert answer.value.status == 403
    sue.goto("orders/")
    assert sue.inner_text("#user") == "Alice Archer"


def test_back_button__after_the_end(sue: Any) -> None:
    """The browser asks the shop again, and Sue sees what is hers."""
    act_as(sue)
    sue.click("text=Invoices")
    sue.wait_for_selector("h1:has-text('Your invoices')")
    sue.click(END)
    sue.wait_for_selector("text=You no longer act as alice.")
    sue.go_back()
    sue.wait_for_selector("#user")
    assert sue.inner_text("#user") == "Sue Porter"
    assert sue.locator(BANNER).count() == 0


def test_logout__ends_the_impersonation_too(sue: Any, demo: Stack) -> None:
    """Whoever logs out leaves altogether."""
    act_as(sue)
    sue.click("text=Log out")
    sue.wait_for_selector("a:has-text('Log in')")
    assert sue.url == demo.shop
    sue.goto("orders/")
    sue.wait_for_selector("#kc-login")
