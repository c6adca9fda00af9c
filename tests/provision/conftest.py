"""The Keycloaks that are provisioned: a small one always, real ones where there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kc_exchange.testing import DownstreamRecorder
from tests.provision.commands import Command
from tests.provision.company import Company
from tests.provision.kinds import SMALL
from tests.provision.provider import Provider
from tests.provision.real import Keycloak
from tests.provision.stub.server import AdminApi
from tests.real_keycloak import administrator, needed_address

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def keycloak(request: pytest.FixtureRequest) -> Iterator[Keycloak]:
    """The server of the kind that the test names, which nobody else changes."""
    kind = request.param
    if kind == SMALL:
        with AdminApi() as api:
            yield Keycloak(api.url, kind)
        return
    yield Keycloak(needed_address(kind), kind, *administrator())


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """A provider that is no realm."""
    with Provider() as running:
        yield running


@pytest.fixture(scope="module")
def company(
    keycloak: Keycloak, provider: Provider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Company]:
    """The company on a server without its realms; its downstreams are one recorder."""
    folder = tmp_path_factory.mktemp("realm-files")
    with DownstreamRecorder() as recorder:
        made = Company(keycloak.url, folder, provider.url, recorder=recorder)
        with keycloak.without(made.names.values()):
            yield made


@pytest.fixture(scope="module")
def provisioned(keycloak: Keycloak, company: Company) -> Command:
    """The command, once it has made the company's realms."""
    command = Command(company, keycloak.environment)
    command.apply()
    return command


@pytest.fixture
def api() -> Iterator[AdminApi]:
    """A small Keycloak of a test's own."""
    with AdminApi() as running:
        yield running


@pytest.fixture
def command(api: AdminApi, provider: Provider, tmp_path: Path) -> Command:
    """The command, for the company on the small Keycloak."""
    return Command(Company(api.url, tmp_path, provider.url))
