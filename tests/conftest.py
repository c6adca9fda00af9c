"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import cache, discovery, exchange, jwt_validation, transport
from kc_exchange.impersonation.audit.flood import flood
from kc_exchange.sources import policies
from tests import real_keycloak
from tests.left_out import counts, leave_out, take_counts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kc_exchange.testing import DownstreamRecorder, EmbeddedKeycloak

# Before anything of them is imported: what they assert is told in full.
pytest.register_assert_rewrite(
    *(f"tests.{p.parent.name}" for p in Path(__file__).parent.glob("*/__init__.py"))
)

_HOW = {
    "services": "tests of the browser, the wheel, PostgreSQL and MariaDB; to run them: "
    "pip install -e '.[dev]', and Chromium; eval \"$(.ci/databases start)\"; then "
    'pytest -m "browser or wheel or database"',
    "cluster": "tests that kill servers of their own; to run them: pip install -e "
    "'.[dev]', Redis, Java 17 and Maven; then pytest -m cluster and -m keycloak_killed",
    "redis": 'tests of a real Redis; to run them: eval "$(.ci/redis start)"; then '
    "pytest -m redis",
    "keycloak": "tests against a real Keycloak; to run them: .ci/keycloak start && "
    "KC_EXCHANGE_KEYCLOAK=http://127.0.0.1:18080 pytest -m keycloak; those of "
    "impersonation: .ci/keycloak start --features=token-exchange --port 18081 && "
    "KC_EXCHANGE_KEYCLOAK_LEGACY=http://127.0.0.1:18081 pytest -m keycloak; those of "
    "admin permissions: .ci/keycloak start --port 18082 "
    "--features=token-exchange,admin-fine-grained-authz:v1 && "
    "KC_EXCHANGE_KEYCLOAK_PERMISSIONS=http://127.0.0.1:18082 pytest -m keycloak",
}


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    """Each test starts with no token, no endpoint and no connection of another."""
    yield
    cache.tokens.clear()
    cache.brokered.clear()
    cache.refused.clear()
    discovery.forget()
    exchange.forget()
    transport.close()
    jwt_validation.forget()
    cache.floors.forget()
    policies.forget()
    flood.clear()


@pytest.fixture
def configure(settings: Any) -> Callable[..., None]:
    """Return a function that points KC_EXCHANGE at a Keycloak and a downstream."""

    def point(
        keycloak: EmbeddedKeycloak,
        downstream: DownstreamRecorder | None,
        **changes: Any,
    ) -> None:
        url = "http://127.0.0.1:9/" if downstream is None else downstream.url
        realm = keycloak.realms[0]
        settings.KC_EXCHANGE = {
            "REALMS": {
                "default": {
                    "ISSUER": keycloak.issuer(realm),
                    "CLIENT_ID": "django-app",
                    "CLIENT_SECRET": "django-app-secret",
                    **changes.pop("REALM", {}),
                }
            },
            "DOWNSTREAMS": {
                "orders-api": {
                    "BASE_URL": url,
                    "SCOPES": ["orders:read"],
                    **changes.pop("DOWNSTREAM", {}),
                },
                **changes.pop("DOWNSTREAMS", {}),
            },
            **changes,
        }

    return point


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out what needs more than a checkout, unless a marker asks for it.

    What needs a real Keycloak runs where one is named.
    """
    leave_out(config, items, "keycloak", *real_keycloak.missing())
    if not os.environ.get("KC_EXCHANGE_REDIS"):
        leave_out(config, items, "redis", "redis")
    if not config.option.markexpr:
        missing = ["browser", "wheel", *([] if _has_databases() else ["database"])]
        leave_out(config, items, "services", *missing)
        leave_out(config, items, "cluster", "cluster", "keycloak_killed")


def _has_databases() -> bool:
    """Whether a database server was named, or a run without one must fail."""
    return any(
        os.environ.get(f"KC_EXCHANGE_{name}")
        for name in ("POSTGRESQL", "MARIADB", "REQUIRE_DATABASES")
    )


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say plainly what was not run, and how to run it."""
    for name, count in counts(config).items():
        if count:
            terminalreporter.write_line(f"left out: {count} {_HOW[name]}")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what xdist's workers left out."""
    take_counts(node.config, node)
