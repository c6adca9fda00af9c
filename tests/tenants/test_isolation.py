"""No token, key or cookie of a tenant ever reaches another one."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import cache, discovery, jwt_validation, transport
from kc_exchange.conf import current
from kc_exchange.jwt_validation.jwks import keys_of
from kc_exchange.testing import EmbeddedKeycloak
from kc_exchange.tokens import SubjectToken
from tests.tenants.echo import Echo
from tests.tenants.project import MIDDLEWARE
from tests.tenants.tenants import TENANTS, host, realm, secret, settings_for
from tests.tenants.visits import Visitor, people

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest

pytestmark = pytest.mark.urls("tests.tenants.project")
THREADS, VISITS = 8, 400
FORGOTTEN = (
    cache.tokens.clear,
    cache.refused.clear,
    discovery.forget,
    jwt_validation.forget,
    transport.close,
)


@pytest.fixture
def keycloak(settings: Any) -> Iterator[EmbeddedKeycloak]:
    """Both tenants' Keycloak, and a project that serves both."""
    with EmbeddedKeycloak(*map(realm, TENANTS)) as server, Echo() as service:
        settings.KC_EXCHANGE = settings_for(server, service.url)
        settings.MIDDLEWARE = MIDDLEWARE
        settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
        settings.ALLOWED_HOSTS = [host(tenant) for tenant in TENANTS]
        settings.LOGIN_URL = "/login/"
        yield server


@contextmanager
def forgetful() -> Iterator[None]:
    """Forget one thing or another all the time, as new processes do."""
    done = threading.Event()

    def forget() -> None:
        number = 0
        while not done.wait(0.05):
            FORGOTTEN[number % len(FORGOTTEN)]()
            number += 1

    thread = threading.Thread(target=forget)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_tenants__never_meet(keycloak: EmbeddedKeycloak) -> None:
    """Thousands of interleaved requests of both, with refreshes and empty caches."""
    wrong: list[str] = []
    crowd = people(keycloak)
    visitors = [Visitor(crowd, n, wrong) for n in range(THREADS)]

    def stroll(visitor: Visitor) -> None:
        for _ in range(VISITS):
            visitor.visit()

    with forgetful(), ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(stroll, visitors))

    assert wrong == []
    assert sum(visitor.served for visitor in visitors) > THREADS * VISITS / 4
    assert sum(visitor.refused for visitor in visitors) > THREADS * VISITS / 4
    exchanges = keycloak.exchanges
    assert {record.realm for record in exchanges} == set(TENANTS)
    assert {record.error for record in exchanges} <= {None, "invalid_request"}


def test_tenants__that_meet_are_noticed(
    keycloak: EmbeddedKeycloak, settings: Any
) -> None:
    """The test above can fail: here everybody is taken for one and the same."""
    wrong: list[str] = []
    crowd = people(keycloak)
    token = SubjectToken(value=crowd[0].bearer)
    captured.append(token)
    settings.KC_EXCHANGE = {
        **settings.KC_EXCHANGE,
        "CAPTURE": f"{__name__}.first",
        "REALM_OF_REQUEST": "kc_exchange.capture.realm_by_issuer",
    }

    Visitor(crowd, 1, wrong)._app(crowd[0])
    Visitor(crowd, 1, wrong)._app(crowd[-1])

    assert len(wrong) == 1
    assert crowd[0].subject in wrong[0]


captured: list[SubjectToken] = []


def first(request: HttpRequest) -> SubjectToken:
    """Capture the same token from every request."""
    return captured[-1]


def test_tenants__show_their_secrets_to_their_own_realm_alone(
    keycloak: EmbeddedKeycloak, settings: Any
) -> None:
    """A realm that is given the other tenant's secret refuses: none was shared."""
    wrong: list[str] = []
    crowd = people(keycloak)
    realms = settings.KC_EXCHANGE["REALMS"]
    swapped = {
        alias: {**realms[alias], "CLIENT_SECRET": secret(tenant)}
        for alias, tenant in zip(realms, reversed(TENANTS), strict=True)
    }
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "REALMS": swapped}
    visitor = Visitor(crowd, 1, wrong)

    visitor._app(crowd[0])
    visitor._app(crowd[-1])

    assert wrong == ["status 500", "status 500"]
    assert [r.outcome for r in keycloak.exchanges] == []


def test_realms__share_neither_keys_nor_connections(
    keycloak: EmbeddedKeycloak,
) -> None:
    """Also where they are on one host, and have the same certificate."""
    for person in people(keycloak):
        Visitor([person], 0, []).visit()
        Visitor([person], 0, [])._app(person)
    first, second = (current().realm(alias) for alias in ("default", "globex"))

    assert transport._manager(first) is not transport._manager(second)
    assert keys_of(first) is not keys_of(second)
