"""Give tests an embedded Keycloak and recording downstreams, as pytest fixtures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kc_exchange.testing.keycloak import EmbeddedKeycloak
    from kc_exchange.testing.recorder import DownstreamRecorder

BUNDLED = Path(__file__).with_name("realm.json")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini options that choose realm, requester and default user."""
    parser.addini(
        "kc_exchange_realm",
        "Realm exports that the embedded Keycloak serves (default: a bundled realm)",
        type="paths",
        default=[],
    )
    parser.addini(
        "kc_exchange_features",
        "Features the embedded Keycloak runs with, as --features names them: "
        "token-exchange is the legacy exchange, which impersonates, and "
        "admin-fine-grained-authz:v1 lets permissions decide on it (default: none)",
        type="args",
        default=[],
    )
    parser.addini(
        "kc_exchange_client",
        "Client whose tokens kc_subject_token gives (default: django-app)",
        default="django-app",
    )
    parser.addini(
        "kc_exchange_user",
        "User whose token kc_subject_token gives by default (default: alice)",
        default="alice",
    )


@pytest.fixture(scope="session")
def _kc_exchange_keycloak(request: pytest.FixtureRequest) -> Iterator[EmbeddedKeycloak]:
    from kc_exchange.testing.keycloak import EmbeddedKeycloak  # noqa: PLC0415

    paths = request.config.getini("kc_exchange_realm") or [BUNDLED]
    features = request.config.getini("kc_exchange_features")
    with EmbeddedKeycloak(*paths, features=features) as keycloak:
        yield keycloak


@pytest.fixture
def embedded_keycloak(
    _kc_exchange_keycloak: EmbeddedKeycloak,
) -> Iterator[EmbeddedKeycloak]:
    """Serve the realm to this test; records, faults and sessions start empty.

    What this process learned of faults is forgotten, too: no breaker stays open.
    """
    from kc_exchange import exchange  # noqa: PLC0415 - a plugin imports little

    _kc_exchange_keycloak.reset()
    yield _kc_exchange_keycloak
    _kc_exchange_keycloak.reset()
    exchange.forget()


@pytest.fixture
def kc_subject_token(
    embedded_keycloak: EmbeddedKeycloak, request: pytest.FixtureRequest
) -> Callable[..., str]:
    """Return a function that signs a user in and gives their access token.

    Called without a username it takes the user of the ini option `kc_exchange_user`.
    """
    default_user = str(request.config.getini("kc_exchange_user"))
    default_client = str(request.config.getini("kc_exchange_client"))
    first = embedded_keycloak.realms[0]

    def subject_token(
        username: str = default_user,
        *,
        realm: str = first,
        client_id: str = default_client,
        scope: str | None = None,
    ) -> str:
        return embedded_keycloak.token(
            realm, username, client_id=client_id, scope=scope
        )

    return subject_token


@pytest.fixture
def downstream_recorder() -> Iterator[Callable[[], DownstreamRecorder]]:
    """Return a function that starts a recording service; all stop with the test."""
    from kc_exchange.testing.recorder import DownstreamRecorder  # noqa: PLC0415

    started: list[DownstreamRecorder] = []

    def start() -> DownstreamRecorder:
        started.append(DownstreamRecorder().start())
        return started[-1]

    yield start
    for recorder in started:
        recorder.stop()


@pytest.fixture
def kc_downstream(
    downstream_recorder: Callable[[], DownstreamRecorder],
) -> DownstreamRecorder:
    """Return one recording service."""
    return downstream_recorder()
