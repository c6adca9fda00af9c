"""The endpoint at the addresses of several tenants, each with a provider of its own."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import path

from kc_exchange.drf import ExternalTokenView
from tests.drf.external.backend import FORM, encoded, form

GLOBEX = "https://id.example/realms/globex"
HOSTS = ("acme.example", "globex.example", "evil.example")
urlpatterns = [
    path("token", ExternalTokenView.as_view(subject_issuers=["partner", "other"])),
]


@pytest.fixture
def tenants(keycloak, settings):
    """The realm that grants is acme's; the provider `other` is globex's."""
    settings.ROOT_URLCONF = __name__
    ours = settings.KC_EXCHANGE
    acme, others = ours["REALMS"]["default"], ours["PROVIDERS"]["other"]
    settings.KC_EXCHANGE = {
        **ours,
        "REALM_OF_REQUEST": "kc_exchange.capture.realm_by_host",
        "REALMS": {
            "default": {**acme, "ISSUER": GLOBEX, "HOSTS": ["globex.example"]},
            "acme": {**acme, "HOSTS": ["acme.example"]},
        },
        "PROVIDERS": {
            "partner": {**ours["PROVIDERS"]["partner"], "REALM": "acme"},
            "other": others,
        },
    }
    return keycloak


def post(host, **changes):
    body = encoded(form(**changes))
    return Client(SERVER_NAME=host).post("/token", body, content_type=FORM)


def test_endpoint__at_the_address_of_the_providers_realm(tenants):
    assert post("acme.example").status_code == 200


@pytest.mark.parametrize(
    ("host", "changes"),
    [
        ("globex.example", {}),
        ("evil.example", {}),
        ("acme.example", {"subject_issuer": "other"}),
    ],
    ids=["another-tenant's", "nobody's", "another-tenant's-provider"],
)
def test_endpoint__at_another_address(tenants, caplog, host, changes):
    """No tenant's address hands out tokens of another's realm."""
    answer = post(host, **changes)

    assert answer.status_code == 400
    assert answer.json() == {
        "error": "invalid_request",
        "error_description": "This subject_issuer is not accepted.",
    }
    assert tenants.requests == []
    assert "kc_exchange.token_refused reason=provider" in caplog.text
    assert "Fix:" in caplog.text


@pytest.mark.parametrize("host", HOSTS)
def test_endpoint__where_no_realm_is_named(tenants, settings, host):
    """With `realm_by_issuer`, the default, every address serves every realm."""
    ours = settings.KC_EXCHANGE
    settings.KC_EXCHANGE = {k: v for k, v in ours.items() if k != "REALM_OF_REQUEST"}

    assert post(host).status_code == 200
