from __future__ import annotations

import pytest

from kc_exchange import discovery, jwt_validation
from tests.jwt_validation.hostile import Server
from tests.jwt_validation.issuer import Issuer


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def _fresh():
    jwt_validation.forget()
    discovery.forget()
    yield
    jwt_validation.forget()
    discovery.forget()


@pytest.fixture
def issuer(server):
    return Issuer(server)
