"""The table's servers: embedded ones always, real ones where there are some."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.keycloak.admins import EmbeddedAdmin, RealAdmin
from tests.keycloak.browser import Browser
from tests.keycloak.kinds import Kind, kinds
from tests.keycloak.provider import Provider
from tests.keycloak.realms import (
    REALM,
    brokering_realms,
    shop_realm,
)
from tests.keycloak.servers import Server
from tests.real_keycloak import FEATURES, administrator, needed_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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
    url = needed_address(features)
    admin = RealAdmin(url, *administrator())
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
