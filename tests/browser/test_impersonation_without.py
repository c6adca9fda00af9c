"""The same way without a mouse, and without JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.people import BANNER, END, REASON, USERS, act_as, end_all, log_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exampleproject.demo.stack import Stack

pytestmark = pytest.mark.browser

FOCUSED = """() => {
  const e = document.activeElement;
  const look = () => {
    const s = getComputedStyle(e);
    return [s.outline, s.boxShadow, s.borderColor, s.backgroundColor, s.color,
            s.textDecoration].join();
  };
  const focused = look();
  e.blur();
  const plain = look();
  e.focus();
  return [e.getAttribute('aria-label') || e.innerText || e.value || e.id,
          focused !== plain];
}"""
"""The name of what has the focus, and whether it looks otherwise without."""
_MOST = 60


def tab(page: Any) -> None:
    """Press Tab; what has the focus then can be seen to have it."""
    page.keyboard.press("Tab")
    name, is_seen = page.evaluate(FOCUSED)
    assert is_seen, name


def tab_to(page: Any, selector: str) -> None:
    """Press Tab until the focus is there."""
    for _ in range(_MOST):
        tab(page)
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    pytest.fail(f"Tab does not lead to {selector}.")


def test_keyboard__there_and_back(sue: Any) -> None:
    """Tab and Enter are enough, and the end is the second stop of a page."""
    sue.goto(USERS)
    tab_to(sue, "[aria-label='Act as alice']")
    sue.keyboard.press("Enter")
    sue.wait_for_selector("#id_reason")
    tab_to(sue, "#id_reason")
    sue.keyboard.type(REASON)
    tab_to(sue, "[name=mode]")
    tab_to(sue, "[value=Start]")
    sue.keyboard.press("Enter")
    sue.wait_for_selector(BANNER)

    for _ in range(2):
        tab(sue)
    assert sue.evaluate("s => document.activeElement.matches(s)", END)
    sue.keyboard.press("Enter")
    sue.wait_for_selector("text=You no longer act as alice.")


@pytest.fixture
def plain(chromium: Any, demo: Stack) -> Iterator[Any]:
    """A browser that runs no JavaScript."""
    context = chromium.new_context(base_url=demo.shop, java_script_enabled=False)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()
    end_all(demo)


def test_no_javascript__there_and_back(plain: Any, demo: Stack) -> None:
    """The time left is written by the server, and all buttons are forms."""
    plain.goto("admin/")
    log_in(plain, "sue")
    act_as(plain)
    assert plain.url == f"{demo.shop}orders/"
    assert "minutes" in plain.inner_text(f"{BANNER} [role=timer]")
    plain.get_by_role("button", name="Order A-1042 again").click()
    plain.wait_for_selector("text=This impersonation is for reading only")
    plain.click(END)
    plain.wait_for_selector("text=You no longer act as alice.")
