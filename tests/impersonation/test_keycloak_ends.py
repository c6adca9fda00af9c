"""What a grant leaves at Keycloak when it is over: nothing, sooner or later."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from kc_exchange.impersonation import end, sweep
from kc_exchange.impersonation.tokens import opened
from kc_exchange.models import GrantToken
from kc_exchange.testing import EmbeddedKeycloak
from kc_exchange.testing.pytest_plugin import BUNDLED
from kc_exchange.tokens import unverified_claims
from tests.impersonation.desk import Cause, Grant, Type
from tests.impersonation.realm_desk import REALM, log_in, tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.impersonation.realm_desk import RealmDesk

pytestmark = pytest.mark.django_db
MANY = 20
"""Faults enough for every attempt of a test."""


def is_active(desk: RealmDesk, token: str) -> bool:
    """Ask Keycloak about a token, as the service it is for does (RFC 7662)."""
    audience = unverified_claims(token)["aud"]
    client = "orders-api" if audience == "orders-api" else "django-app"
    reply = requests.post(
        f"{desk.keycloak.issuer(REALM)}/protocol/openid-connect/token/introspect",
        data={"token": token},
        auth=(client, f"{client}-secret"),
        timeout=10,
    )
    return bool(reply.json()["active"])


@pytest.mark.parametrize("how", ["stop", "forced", "expired", "logout", "sweep"])
def test_end__nothing_is_left(realm_desk: RealmDesk, how: str):
    """Session, first and second hop are over at Keycloak, whoever ended the grant."""
    desk = realm_desk
    grant = desk.start(mode="read-write")
    desk.call()
    handed = [*desk.tokens(grant), *desk.service.tokens]
    assert [is_active(desk, token) for token in handed] == [True, True]
    if how in {"expired", "sweep"}:
        Grant.objects.filter(pk=grant.pk).update(expires_at=grant.started_at)
    ways: dict[str, Callable[[], object]] = {
        "stop": desk.stop,
        "forced": lambda: end(grant, Cause.FORCED),
        "expired": desk.who,
        "logout": lambda: desk.client.post("/leave/"),
        "sweep": sweep,
    }
    ways[how]()
    assert desk.sessions() == ()
    assert [is_active(desk, token) for token in handed] == [False, False]
    assert not GrantToken.objects.exists()
    (revoked,) = desk.events(Type.TOKEN_REVOKED, grant=grant)
    assert revoked.outcome == "success"
    assert len(desk.sessions("olga")) == 1


@pytest.mark.parametrize("endpoint", ["revoke", "logout"])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_end__keycloak_answers_with_an_error(
    realm_desk: RealmDesk, endpoint: str, status: int
):
    """The grant is over all the same; the sweep revokes when Keycloak is back."""
    desk = realm_desk
    grant = desk.start()
    desk.keycloak.fail_next(status, times=MANY, endpoint=endpoint)
    assert desk.stop().status_code == 200
    assert (desk.cause(), desk.who()) == (Cause.STOPPED, "olga")
    (row,) = GrantToken.objects.all()
    assert row.current_for is None
    assert row.attempts == 1
    sweep()
    assert len(desk.events(Type.REVOCATION_FAILED, grant=grant)) == 1
    desk.keycloak._faults.clear()
    assert desk.sessions() == (grant.keycloak_sid,)
    sweep()
    assert desk.sessions() == ()
    assert not GrantToken.objects.exists()
    assert len(desk.events(Type.TOKEN_REVOKED, grant=grant)) == 1


def test_end__keycloak_is_switched_off(
    realm_desk: RealmDesk, configure: Any, settings: Any
):
    """Nobody answers, at the end and at the sweep; the site goes on without it."""
    desk = realm_desk
    with EmbeddedKeycloak(
        json.loads(BUNDLED.read_text()), features={"token-exchange"}
    ) as other:
        chosen = settings.KC_EXCHANGE["IMPERSONATION"]
        configure(other, desk.service, IMPERSONATION=chosen)
        desk.keycloak = other
        for user in (desk.operator, desk.target):
            desk.remember(user)
        log_in(desk.client, desk.operator, tokens_of(other, "olga"))
        grant = desk.start()
        assert desk.call() == 200
    assert desk.stop().status_code == 200
    assert desk.who() == "olga"
    sweep()
    assert desk.cause() == Cause.STOPPED
    (row,) = GrantToken.objects.all()
    assert (row.current_for, row.attempts) == (None, 2)
    assert len(desk.events(Type.REVOCATION_FAILED, grant=grant)) == 1


def test_sweep__one_that_cannot_be_revoked(realm_desk: RealmDesk, settings: Any):
    """A token of a realm that the settings no longer have does not stop the others."""
    desk = realm_desk
    first = desk.start()
    desk.keycloak.fail_next(503, times=MANY, endpoint="revoke")
    desk.stop()
    second = desk.start()
    desk.stop()
    desk.keycloak._faults.clear()
    assert len(desk.sessions()) == 2
    GrantToken.objects.filter(grant_id=first.pk).update(sealed="not a sealed token")
    sweep()
    assert not GrantToken.objects.exists()
    assert desk.sessions() == (first.keycloak_sid,)
    unknown, revoked = (
        desk.events(Type.TOKEN_REVOKED, grant=grant)[0] for grant in (first, second)
    )
    assert (unknown.outcome, unknown.code) == ("unknown", "unreadable")
    assert (revoked.outcome, revoked.code) == ("success", "")


def test_sweep__realm_left_the_settings(realm_desk: RealmDesk, settings: Any):
    """Its token waits, and the others are revoked."""
    desk = realm_desk
    now = settings.KC_EXCHANGE
    realms = now["REALMS"]
    settings.KC_EXCHANGE = {
        **now,
        "REALMS": {**realms, "support": realms["default"]},
        "IMPERSONATION": {**now["IMPERSONATION"], "REALM": "support"},
    }
    left = desk.start()
    desk.keycloak.fail_next(503, times=MANY, endpoint="revoke")
    desk.stop()
    settings.KC_EXCHANGE = now
    desk.start()
    desk.stop()
    desk.keycloak._faults.clear()
    sweep()
    assert desk.sessions() == (left.keycloak_sid,)
    (waiting,) = GrantToken.objects.all()
    assert waiting.grant_id == left.pk


def test_end__secret_key_changed(realm_desk: RealmDesk, settings: Any):
    """What nobody can open any more stops no end, and the record says so."""
    desk = realm_desk
    grant = desk.start()
    key = settings.SECRET_KEY
    settings.SECRET_KEY = "another-" + key
    end(grant, Cause.FORCED)
    (revoked,) = desk.events(Type.TOKEN_REVOKED, grant=grant)
    assert (revoked.outcome, revoked.code) == ("unknown", "unreadable")
    assert not GrantToken.objects.exists()


def test_end__secret_key_changed_with_a_fallback(realm_desk: RealmDesk, settings: Any):
    desk = realm_desk
    grant = desk.start()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-" + settings.SECRET_KEY
    end(grant, Cause.FORCED)
    assert desk.sessions() == ()


def test_token__sealed_for_its_grant(realm_desk: RealmDesk):
    """A row copied to another grant opens nothing."""
    desk = realm_desk
    grant = desk.start()
    (row,) = GrantToken.objects.all()
    token = opened(row)
    assert token is not None
    assert unverified_claims(token.value)["sid"] == grant.keycloak_sid
    row.grant_id = Grant(target_id="7").pk
    assert opened(row) is None
