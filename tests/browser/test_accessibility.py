"""axe-core finds nothing serious, and every page keeps to the shop's strict policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.people import BANNER, END, act_as, log_in, open_start_page

if TYPE_CHECKING:
    from exampleproject.demo.stack import Stack

pytestmark = pytest.mark.browser

SERIOUS = {"serious", "critical"}
GRANTS = "admin/kc_exchange/impersonationgrant/"
EVENTS = "admin/kc_exchange/auditevent/"
_OPTIONS = {"resultTypes": ["violations"], "preload": False}
"""To preload, axe-core would write styles into the page, which the policy bars."""
LOOKS = [(scheme, width) for scheme in ("light", "dark") for width in (1280, 390)]


class Reader:
    """Somebody who reads each page closely, and notes what is wrong with it."""

    def __init__(self, page: Any, width: int) -> None:
        self.page = page
        self.wrong: list[str] = []
        self._width = width
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))

    def read(self, name: str) -> None:
        """Let axe-core look at the page, and see that nothing sticks out."""
        from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415

        found = Axe().run(self.page, options=_OPTIONS).response["violations"]
        self.wrong += [
            f"{name}: {violation['id']} at {node['target']}"
            for violation in found
            if violation["impact"] in SERIOUS
            for node in violation["nodes"]
        ]
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        if wide > self._width:
            self.wrong.append(f"{name}: {wide} of {self._width} pixels wide")

    def _hear(self, message: Any) -> None:
        if "Content Security Policy" in message.text:
            self.wrong.append(f"policy: {message.text} at {self.page.url}")


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
def reader(request: Any, sue: Any) -> Reader:
    """Sue reads, by day and by night, on a desk and on a telephone."""
    scheme, width = request.param
    sue.set_viewport_size({"width": width, "height": 900})
    sue.emulate_media(color_scheme=scheme)
    return Reader(sue, width)


def test_pages__of_an_impersonation(reader: Reader) -> None:
    """The start page with its mistakes, the shop with the banner, a refusal."""
    page = reader.page
    page.goto("admin/auth/user/")
    reader.read("list of users")
    open_start_page(page)
    reader.read("start page")
    page.fill("#id_reason", "because of")
    page.fill("#id_ticket", "no ticket")
    page.get_by_role("button", name="Start").click()
    page.wait_for_selector(".errornote")
    reader.read("start page with mistakes")

    act_as(page)
    reader.read("orders with the banner")
    page.get_by_role("button", name="Order A-1042 again").click()
    page.wait_for_selector("text=for reading only")
    reader.read("refusal")
    page.goto("admin/auth/user/")
    page.wait_for_selector(BANNER)
    reader.read("list of users with the banner")
    page.click(END)
    page.wait_for_selector("#kc-impersonations")
    reader.read("page of a user, with who acted as them")

    assert reader.wrong == []


def test_pages__of_the_record(reader: Reader) -> None:
    """Grants and events, as lists and one by one."""
    page = reader.page
    act_as(page)
    for name, path in (("grants", GRANTS), ("events", EVENTS)):
        page.goto(path)
        reader.read(f"list of {name}")
        page.locator("#result_list tbody a").first.click()
        page.wait_for_selector("fieldset")
        reader.read(f"one of the {name}")

    assert reader.wrong == []


def test_pages__of_the_shop(page: Any, demo: Stack) -> None:
    """A customer's own pages; and the account, which nobody else gets to see."""
    reader = Reader(page, 1280)
    page.goto("account/")
    log_in(page, "bob")
    page.wait_for_selector("input[type=email]")
    reader.read("account")
    page.get_by_role("button", name="Save").click()
    page.wait_for_selector("text=Your e-mail address is saved.")
    reader.read("account, saved")
    for path in ("", "orders/"):
        page.goto(path)
        reader.read(path or "home")

    assert reader.wrong == []
