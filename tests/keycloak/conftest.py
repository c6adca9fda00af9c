"""The table's two servers: the embedded one always, a real one when there is one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

pytest.register_assert_rewrite(
    "tests.keycloak.admins",
    "tests.keycloak.browser",
    "tests.keycloak.rows",
    "tests.keycloak.servers",
)

from tests.keycloak.admins import EmbeddedAdmin, RealAdmin  # noqa: E402
from tests.keycloak.browser import Browser  # noqa: E402
from tests.keycloak.servers import (  # noqa: E402 - after the line above
    REALM,
    Server,
    shop_realm,
)
from tests.left_out import leave_out  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

URL = "KC_EXCHANGE_KEYCLOAK"
LEFT_OUT = pytest.StashKey[int]()


def is_required() -> bool:
    """Whether a run without a real Keycloak must fail: in CI, when CI says so."""
    required = os.environ.get("KC_EXCHANGE_REQUIRE_KEYCLOAK") == "1"
    return required and bool(os.environ.get("CI"))


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out what needs a real Keycloak when none was named."""
    if not (os.environ.get(URL) or is_required()):
        config.stash[LEFT_OUT] = leave_out(config, items, "keycloak")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say plainly what was not run, and how to run it."""
    count = config.stash.get(LEFT_OUT, 0)
    if count:
        terminalreporter.write_line(
            f"left out: {count} tests against a real Keycloak; to run them: "
            f".ci/keycloak start && {URL}=http://127.0.0.1:18080 pytest -m keycloak"
        )


@pytest.fixture(
    scope="session",
    params=["embedded", pytest.param("real", marks=pytest.mark.keycloak)],
)
def a_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server with the conformance realm, the embedded one or a real one."""
    if request.param == "real":
        yield real_server()
    else:
        yield from embedded_server()


@pytest.fixture
def keycloak(a_server: Server) -> Iterator[Server]:
    """The server, put right again after each test."""
    yield a_server
    a_server.restore()


@pytest.fixture
def browser(keycloak: Server) -> Browser:
    """A browser that has never been here."""
    return Browser(keycloak)


def real_server() -> Server:
    """The Keycloak that the environment names, with a fresh realm."""
    url = os.environ.get(URL, "").rstrip("/")
    if not url:
        pytest.fail(f"{URL} is not set; start one with .ci/keycloak start")
    admin = RealAdmin(
        url,
        os.environ.get(f"{URL}_ADMIN", "admin"),
        os.environ.get(f"{URL}_PASSWORD", "admin"),
    )
    admin.import_realm(REALM)
    admin.import_realm(shop_realm())
    return Server(url, admin)


def embedded_server() -> Iterator[Server]:
    """The Keycloak that this package brings along."""
    from kc_exchange.testing import EmbeddedKeycloak  # noqa: PLC0415

    with EmbeddedKeycloak(REALM, shop_realm()) as embedded:
        yield Server(embedded.url, EmbeddedAdmin(embedded))
