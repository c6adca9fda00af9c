"""What a list of the admin is for is in sight without scrolling sideways."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.people import END, REASON, USERS, act_as

pytestmark = pytest.mark.browser

GRANTS = "admin/kc_exchange/impersonationgrant/"
EVENTS = "admin/kc_exchange/auditevent/"
OUT_OF_SIGHT = """(selector) => {
  const frame = document.querySelector('#changelist .results').getBoundingClientRect();
  return [...document.querySelectorAll(selector)]
    .map(found => found.getBoundingClientRect())
    .filter(({left, right}) => left < frame.left || right > frame.right + 1).length;
}"""
"""How many of the elements stick out of the part of the list that is shown."""


def assert_in_sight(page: Any, selector: str) -> None:
    """Each of the elements can be seen as a whole, and there are some."""
    assert page.locator(selector).count() > 0
    assert page.evaluate(OUT_OF_SIGHT, selector) == 0, selector


@pytest.mark.parametrize("width", [1280, 390])
def test_users__show_the_link_to_act_as_them(sue: Any, width: int) -> None:
    """On a telephone, too, where the other columns take a scroll."""
    sue.set_viewport_size({"width": width, "height": 900})
    sue.goto(USERS)

    assert_in_sight(sue, "th.column-impersonate, .field-impersonate a")


def test_grants__show_why_without_a_scroll(sue: Any) -> None:
    """Reason and ticket stand before what can wait, and all of it is in sight."""
    act_as(sue, ticket="KILN-4711")
    sue.set_viewport_size({"width": 1280, "height": 900})
    sue.goto(GRANTS)

    assert_in_sight(sue, "#result_list th, #result_list td")
    assert REASON in sue.inner_text("#result_list .field-why")


def test_grants__show_the_reason_on_a_telephone(sue: Any) -> None:
    """Who, whom and why come first; the rest takes a scroll."""
    act_as(sue)
    sue.set_viewport_size({"width": 390, "height": 900})
    sue.goto(GRANTS)

    assert_in_sight(sue, "#result_list .field-people, #result_list .field-why")


def test_events__show_what_happened_without_a_scroll(sue: Any) -> None:
    """What was done, and why it was refused, by its longest code."""
    act_as(sue)
    sue.goto("account/")
    sue.set_viewport_size({"width": 1280, "height": 900})
    sue.goto(EVENTS)

    assert_in_sight(sue, "#result_list th, #result_list td")
    refused = sue.locator("tr", has_text="request refused").first.inner_text()
    assert "GET account" in refused
    assert "failure (forbidden_while_impersonating)" in " ".join(refused.split())


def test_user_page__says_who_acted_as_them_on_a_telephone(sue: Any) -> None:
    """A grant's facts stand below one another: no word by word, no scroll."""
    act_as(sue)
    sue.set_viewport_size({"width": 390, "height": 900})
    sue.click(END)
    table = sue.locator("section[aria-labelledby='kc-impersonations'] table")

    assert table.evaluate("e => e.scrollWidth <= e.parentElement.clientWidth")
    reason = table.locator("td[data-label='Reason'] .kc-text").first
    lines = reason.evaluate("e => e.getClientRects().length")
    assert lines <= 2
