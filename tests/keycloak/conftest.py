"""The table's servers: embedded ones always, real ones where there are some."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
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
from tests.keycloak.kinds import (  # noqa: E402
    FEATURES,
    MARKER,
    STANDARD,
    URL,
    Kind,
    address,
    kinds,
)
from tests.keycloak.provider import Provider  # noqa: E402
from tests.keycloak.realms import (  # noqa: E402
    REALM,
    brokering_realms,
    shop_realm,
)
from tests.keycloak.servers import Server  # noqa: E402 - after the line above
from tests.left_out import leave_out  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def is_required() -> bool:
    """Whether a run without a real Keycloak must fail: in CI, when CI says so."""
    required = os.environ.get("KC_EXCHANGE_REQUIRE_KEYCLOAK") == "1"
    return required and bool(os.environ.get("CI"))


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out what needs a real Keycloak that was not named."""
    missing = [MARKER[features] for features in MARKER if not address(features)]
    if missing and not is_required():
        leave_out(config, items, "keycloak", *missing)


@pytest.fixture(scope="session")
def _provider() -> Iterator[Provider]:
    """An identity provider that every server may ask."""
    with Provider() as provider:
        yield provider


@pytest.fixture(scope="session")
def _servers(_provider: Provider) -> Iterator[Callable[[Kind], Server]]:
    """Start each server when it is asked for first, and keep it for the run."""
    started: dict[Kind, Server] = {}
    with ExitStack() as running:

        def server(kind: Kind) -> Server:
            if kind not in started:
                made = real_server if kind.real else embedded_server
                started[kind] = running.enter_context(made(kind.features, _provider))
            return started[kind]

        yield server


@pytest.fixture(params=kinds())
def a_server(
    request: pytest.FixtureRequest, _servers: Callable[[Kind], Server]
) -> Server:
    """A server with the conformance realm, embedded or real, of each feature set."""
    return _servers(request.param)


@pytest.fixture
def keycloak(a_server: Server) -> Iterator[Server]:
    """The server, put right again after each test."""
    yield a_server
    a_server.restore()


@pytest.fixture
def without_bob(keycloak: Server) -> None:
    """Nobody is logged in as Bob."""
    keycloak.admin.end_sessions("bob")


@pytest.fixture
def browser(keycloak: Server) -> Browser:
    """A browser that has never been here."""
    return Browser(keycloak)


@contextmanager
def real_server(features: str, provider: Provider) -> Iterator[Server]:
    """The Keycloak that the environment names, with fresh realms."""
    url = address(features)
    if not url:
        pytest.fail(f"{URL[features]} is not set; start one with .ci/keycloak start")
    admin = RealAdmin(
        url,
        os.environ.get(f"{URL[STANDARD]}_ADMIN", "admin"),
        os.environ.get(f"{URL[STANDARD]}_PASSWORD", "admin"),
    )
    for realm in (REALM, shop_realm(), *brokering_realms(provider, url)):
        admin.import_realm(realm)
    yield Server(url, admin, provider)


@contextmanager
def embedded_server(features: str, provider: Provider) -> Iterator[Server]:
    """The Keycloak that this package brings along."""
    from kc_exchange.testing import EmbeddedKeycloak  # noqa: PLC0415

    realms = (REALM, shop_realm(), *brokering_realms(provider))
    with EmbeddedKeycloak(*realms, features=FEATURES[features]) as embedded:
        yield Server(embedded.url, EmbeddedAdmin(embedded), provider)
