"""The page that finds out why Keycloak refuses, in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.people import log_in
from tests.browser.test_accessibility import LOOKS, Reader

if TYPE_CHECKING:
    from exampleproject.demo.stack import Stack

pytestmark = pytest.mark.browser

LIST = "admin/kc_exchange/keycloakidentity/"
LINK = "Find out why Keycloak refuses"


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
def reader(request: Any, sue: Any) -> Reader:
    """Sue reads, by day and by night, on a desk and on a telephone."""
    scheme, width = request.param
    sue.set_viewport_size({"width": width, "height": 900})
    sue.emulate_media(color_scheme=scheme)
    return Reader(sue, width)


def examine(page: Any) -> None:
    """Go from the list of identities to what was found."""
    page.goto(LIST)
    page.get_by_role("link", name=LINK).click()
    page.get_by_role("button", name="Examine").click()
    page.wait_for_selector("#kc-report")


def test_doctor__can_be_read(reader: Reader) -> None:
    """Form and findings: axe-core finds nothing serious, and nothing sticks out."""
    page = reader.page
    page.goto(LIST)
    page.get_by_role("link", name=LINK).click()
    reader.read("form of the doctor")
    examine(page)
    reader.read("findings of the doctor")
    page.locator("summary", has_text="as it should be").click()
    reader.read("findings of the doctor, unfolded")

    assert reader.wrong == []


def test_doctor__goes_with_the_token_of_whoever_is_logged_in(sue: Any) -> None:
    """Sue's own token goes the way, and is not on the page."""
    examine(sue)

    assert sue.get_by_text("Keycloak issues the user a token for it alone.").count() > 0
    sue.locator("summary", has_text="as it should be").click()
    headings = sue.get_by_role("heading", level=4).all_inner_texts()
    assert "downstream orders-api" in headings
    assert "eyJ" not in sue.content()


def test_doctor__needs_no_script(chromium: Any, demo: Stack) -> None:
    """Without JavaScript it is the same page."""
    context = chromium.new_context(base_url=demo.shop, java_script_enabled=False)
    page = context.new_page()
    page.goto("admin/")
    log_in(page, "sam")
    examine(page)

    assert page.get_by_role("heading", name="What was found").count() == 1
    context.close()
