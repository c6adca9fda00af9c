"""The shop in a browser: what a person does and sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.people import log_in

if TYPE_CHECKING:
    from exampleproject.demo.stack import Stack

pytestmark = pytest.mark.browser

PAGES = ["", "orders/", "invoices/", "trends/", "behind/", "admin/"]


def test_orders__after_the_login(page: Any, demo: Stack) -> None:
    """Alice logs in and sees her orders, fetched with an exchanged token."""
    page.goto("")
    page.click("text=Orders")
    assert page.url.startswith(demo.issuer)

    log_in(page, "alice")

    page.wait_for_selector("h1:has-text('Your orders')")
    assert page.url == f"{demo.shop}orders/"
    assert page.inner_text("#user") == "Alice Archer"
    assert page.locator("article.order").count() == 2
    assert page.inner_text("#order-A-1042") == "Order A-1042"
    assert "Fetched from orders-api as you" in page.inner_text(".origin")


def test_orders__are_from_the_cache_at_the_second_visit(page: Any) -> None:
    """The page says so."""
    page.goto("orders/")
    log_in(page, "bob")
    assert page.inner_text(".origin .tag") == "exchanged just now"

    page.reload()

    assert page.inner_text(".origin .tag") == "from the cache"


def test_behind__tells_what_each_service_saw(page: Any) -> None:
    """One card for each call; the wrong door is refused."""
    page.goto("behind/")
    log_in(page, "alice")
    page.wait_for_selector("h1:has-text('Behind the scenes')")

    for name in ("orders-api", "billing-api"):
        card = page.locator(f"section[aria-labelledby='call-{name}']")
        assert card.locator("dd").first.inner_text() == name
    door = page.locator("section[aria-labelledby='call-wrong-door']")
    assert "refused: 401" in door.inner_text()


def test_wrong_password__stays_at_keycloak(page: Any, demo: Stack) -> None:
    """The form says what is wrong, and the right password still works."""
    page.goto("orders/")
    log_in(page, "alice", "a wrong one")
    page.wait_for_selector("text=Invalid username or password.")
    assert page.url.startswith(demo.issuer)

    log_in(page, "alice")

    page.wait_for_selector("h1:has-text('Your orders')")


def test_logout__ends_both_sessions(page: Any, demo: Stack) -> None:
    """Back at the start; the orders ask for the password again."""
    page.goto("invoices/")
    log_in(page, "alice")
    page.wait_for_selector("h1:has-text('Your invoices')")

    page.click("text=Log out")
    page.wait_for_selector("a:has-text('Log in')")
    assert page.url == demo.shop

    page.goto("orders/")
    page.wait_for_selector("#kc-login")


def test_admin__is_for_the_staff(page: Any) -> None:
    """Sam comes in through the same login."""
    page.goto("admin/")
    log_in(page, "sam")
    page.wait_for_selector("text=behind the counter")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages__fit_and_are_readable(
    chromium: Any, demo: Stack, width: int, scheme: str
) -> None:
    """Nothing sticks out, nothing is loaded from elsewhere, no error is logged."""
    size = {"width": width, "height": 900}
    context = chromium.new_context(
        base_url=demo.shop, viewport=size, color_scheme=scheme
    )
    page = context.new_page()
    asked: set[str] = set()
    errors: list[str] = []
    page.on("request", lambda request: asked.add(request.url.split("/")[2]))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto("orders/")
    log_in(page, "alice")
    page.wait_for_selector("h1")
    for path in PAGES[:-1]:
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, path
        assert page.locator("h1").count() == 1
        assert page.evaluate(CONTRAST) >= 4.5, path
    context.close()
    assert {host.split(":")[0] for host in asked} == {"127.0.0.1"}
    assert errors == []


CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d');
  const rgba = colour => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map(c => {
      c /= 255;
      return c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
    });
    return .2126 * x + .7152 * y + .0722 * z;
  };
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const found = rgba(getComputedStyle(e).backgroundColor);
      if (found[3] === 255) return found;
    }
    return rgba('Canvas');
  };
  let least = 21;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.offsetParent) continue;
    const [a, b] = [rgba(getComputedStyle(element).color), behind(element)]
      .map(light).sort((x, y) => y - x);
    least = Math.min(least, (a + .05) / (b + .05));
  }
  return least;
}"""
"""The least contrast of text against what is behind it (WCAG 2.2, 1.4.3)."""
