from __future__ import annotations

import pytest
from django.core.cache import cache

from tests.drf.external import backend
from tests.servers import FaultServer, grants


@pytest.fixture
def keycloak(settings):
    """A realm that grants everything, until its acts are changed."""
    with FaultServer(grants({}, {"sub": "made-there"})) as server:
        settings.ROOT_URLCONF = backend.__name__
        settings.KC_EXCHANGE = backend.settings_for(server.issuer)
        yield server


@pytest.fixture(autouse=True)
def _no_calls_counted():
    """Each test has its own minute."""
    cache.clear()
    yield
    cache.clear()
