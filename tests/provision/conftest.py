"""The Keycloaks that are provisioned: a small one always, real ones where there are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

pytest.register_assert_rewrite(
    "tests.keycloak.admins",
    "tests.keycloak.browser",
    "tests.keycloak.servers",
    "tests.provision.commands",
    "tests.provision.company",
    "tests.provision.real",
    "tests.provision.wants",
)

from kc_exchange.testing import DownstreamRecorder  # noqa: E402
from tests.left_out import leave_out  # noqa: E402
from tests.provision.commands import Command  # noqa: E402
from tests.provision.company import Company  # noqa: E402
from tests.provision.kinds import MARKER, SMALL, STANDARD, URL, address  # noqa: E402
from tests.provision.provider import Provider  # noqa: E402
from tests.provision.real import Keycloak  # noqa: E402
from tests.provision.stub.server import AdminApi  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out what needs a real Keycloak that was not named."""
    required = os.environ.get("KC_EXCHANGE_REQUIRE_KEYCLOAK") == "1"
    missing = [MARKER[features] for features in MARKER if not address(features)]
    if missing and not (required and os.environ.get("CI")):
        leave_out(config, items, "keycloak", *missing)


@pytest.fixture(scope="module")
def keycloak(request: pytest.FixtureRequest) -> Iterator[Keycloak]:
    """The server of the kind that the test names, which nobody else changes."""
    kind = request.param
    if kind == SMALL:
        with AdminApi() as api:
            yield Keycloak(api.url, kind)
        return
    url = address(kind)
    if not url:
        pytest.fail(f"{URL[kind]} is not set")
    name, word = (f"{URL[STANDARD]}_{part}" for part in ("ADMIN", "PASSWORD"))
    yield Keycloak(
        url, kind, os.environ.get(name, "admin"), os.environ.get(word, "admin")
    )


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
