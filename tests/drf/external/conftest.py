from __future__ import annotations

import pytest

from tests.drf.external import backend
from tests.servers import FaultServer, grants


@pytest.fixture
def keycloak(settings):
    """A realm that grants everything, until its acts are changed."""
    with FaultServer(grants({}, {"sub": "made-there"})) as server:
        settings.ROOT_URLCONF = backend.__name__
        settings.KC_EXCHANGE = backend.settings_for(server.issuer)
        yield server
