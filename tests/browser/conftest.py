"""Chromium, driven by Playwright; left out with a plain message where it is absent."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.people import end_all, log_in
from tests.exampleproject.shops import shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exampleproject.demo.stack import Stack

REQUIRED = os.environ.get("KC_EXCHANGE_REQUIRE_BROWSER") == "1"
NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def missing(what: str, fix: str) -> None:
    """Skip, or fail where a browser is required."""
    message = f"{what}. To run these tests: {fix}"
    if REQUIRED:
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


@pytest.fixture(scope="module")
def demo() -> Iterator[Stack]:
    """The shop, its services and the embedded Keycloak."""
    with shop() as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The system's browser."""
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415
    except ImportError:
        missing("Playwright is not installed", "pip install -e '.[dev]'")
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        missing("Chromium is not installed", "install the system's package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any, demo: Stack) -> Iterator[Any]:
    """A page of a browser that has never been here."""
    context = chromium.new_context(base_url=demo.shop)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def sue(page: Any, demo: Stack) -> Iterator[Any]:
    """The page of an operator who is logged in; whatever they began is over after."""
    page.goto("admin/")
    log_in(page, "sue")
    yield page
    end_all(demo)
