"""A client of its own for impersonation, beside the one of the login."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.testing import EmbeddedKeycloak
from kc_exchange.testing.pytest_plugin import BUNDLED
from kc_exchange.tokens import unverified_claims
from tests.impersonation.realm_desk import REALM, log_in, tokens_of

if TYPE_CHECKING:
    from tests.impersonation.realm_desk import RealmDesk

pytestmark = pytest.mark.django_db


def with_support_client() -> dict[str, Any]:
    """Return the bundled realm with a client of its own for impersonation."""
    realm: dict[str, Any] = json.loads(BUNDLED.read_text())
    app = next(c for c in realm["clients"] if c["clientId"] == "django-app")
    support = deepcopy(app) | {"clientId": "support", "secret": "support-secret"}
    support["directAccessGrantsEnabled"] = False
    mapper = deepcopy(app["protocolMappers"][0]) | {"name": "for-support"}
    mapper["config"]["included.client.audience"] = "support"
    app["protocolMappers"].append(mapper)
    realm["clients"].append(support)
    return realm


def test_dedicated_client(realm_desk: RealmDesk, settings: Any):
    """The client that impersonates may be another one than the login's."""
    desk = realm_desk
    with EmbeddedKeycloak(
        with_support_client(), features={"token-exchange"}
    ) as keycloak:
        now = settings.KC_EXCHANGE
        login = {**now["REALMS"]["default"], "ISSUER": keycloak.issuer(REALM)}
        support = {"CLIENT_ID": "support", "CLIENT_SECRET": "support-secret"}
        settings.KC_EXCHANGE = {
            **now,
            "REALMS": {"default": login, "support": {**login, **support}},
            "IMPERSONATION": {**now["IMPERSONATION"], "REALM": "support"},
        }
        desk.keycloak = keycloak
        for user in (desk.operator, desk.target):
            desk.remember(user)
        log_in(desk.client, desk.operator, tokens_of(keycloak, "olga"))
        grant = desk.start()
        assert grant.realm == "support"
        assert desk.call() == 200
        claims = desk.received()
        assert (claims["sub"], claims["azp"]) == (desk.subject("alice"), "support")
        desk.stop()
        assert desk.sessions() == ()
        assert desk.call() == 200
        assert desk.received()["azp"] == "django-app"
    assert unverified_claims(desk.service.tokens[0])["aud"] == "orders-api"
