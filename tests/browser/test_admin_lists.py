"""What a list of the admin is for is in sight without scrolling sideways."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.people import USERS

pytestmark = pytest.mark.browser

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
