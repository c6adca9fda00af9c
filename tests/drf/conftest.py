from __future__ import annotations

import pytest
from django.test import Client

from kc_exchange import jwt_validation


@pytest.fixture(autouse=True)
def _api(settings, db):
    settings.ROOT_URLCONF = "tests.drf.api"
    jwt_validation.forget()
    yield
    jwt_validation.forget()


@pytest.fixture
def keycloak(embedded_keycloak, configure):
    configure(embedded_keycloak, None, REALM={"AUDIENCES": ["account"]})
    return embedded_keycloak


@pytest.fixture
def token(keycloak, kc_subject_token):
    return kc_subject_token()


@pytest.fixture
def call():
    """Return a function that calls the API, with a bearer token or a whole header."""

    def send(path, token=None, *, method="get", header=None, client=None, **more):
        if token is not None:
            header = f"Bearer {token}"
        extra = {} if header is None else {"HTTP_AUTHORIZATION": header}
        return getattr(client or Client(), method)(path, **extra, **more)

    return send
