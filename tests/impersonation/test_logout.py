"""Rows D21: logouts while somebody acts as somebody else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.core.cache import cache as django_cache
from django.http import HttpRequest
from django.test import Client
from django.urls import include, path

from kc_exchange import capture, downstream_session
from kc_exchange.context import using_subject_token
from kc_exchange.jwt_validation.logout_token import EVENT
from kc_exchange.models import KeycloakLogin
from kc_exchange.tokens import unverified_claims
from tests.impersonation import realm_desk as pages
from tests.impersonation.desk import Cause, Type
from tests.impersonation.test_record_fails import record_refuses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.tokens import TokenSet
    from tests.impersonation.realm_desk import RealmDesk

pytestmark = pytest.mark.django_db
urlpatterns = [*pages.urlpatterns, path("kc/", include("kc_exchange.urls"))]


@pytest.fixture
def desk(realm_desk: RealmDesk) -> Iterator[RealmDesk]:
    """Let the desk have the address that Keycloak posts to."""
    realm_desk.settings.ROOT_URLCONF = __name__
    yield realm_desk
    django_cache.clear()


def operators(desk: RealmDesk) -> TokenSet:
    request = HttpRequest()
    request.session = desk.client.session
    found = capture.kept(request)
    assert found is not None
    return found


def logout_token(desk: RealmDesk, tokens: TokenSet) -> str:
    """Sign what Keycloak signs when the operator logs out there."""
    said, now = unverified_claims(tokens.access_token), int(time.time())
    claims = {
        **{name: said[name] for name in ("iss", "sub", "sid")},
        "aud": "django-app",
        "iat": now,
        "exp": now + 120,
        "jti": str(uuid4()),
        "typ": "Logout",
        "events": {EVENT: {}},
    }
    return str(desk.keycloak.sign(pages.REALM, claims, {"typ": "logout+jwt"}))


def post(token: str) -> int:
    """Post it as Keycloak does."""
    sent = Client().post(
        "/kc/backchannel-logout/",
        f"logout_token={token}",
        content_type="application/x-www-form-urlencoded",
    )
    return sent.status_code


def is_kept(desk: RealmDesk, tokens: TokenSet) -> bool:
    """Whether a call as the operator needs no new exchange."""
    before = len(desk.keycloak.exchanges)
    with (
        using_subject_token(tokens.access_token),
        downstream_session("orders-api") as session,
    ):
        session.get("v1/orders")
    return len(desk.keycloak.exchanges) == before


def test_d21__logout_at_keycloak_ends_the_grant(desk: RealmDesk):
    """As the operator's own logout does: closed, recorded, and nobody acts on."""
    grant = desk.start()
    desk.call()
    assert post(logout_token(desk, operators(desk))) == 200

    grant.refresh_from_db()
    assert grant.end_cause == Cause.LOGOUT
    assert len(desk.events(Type.GRANT_ENDED, grant=grant)) == 1
    assert desk.who() == ""
    assert desk.sessions() == ()


def test_d21__logout_at_keycloak_of_another_session(desk: RealmDesk):
    """Another login of the operator's ends no grant of this one."""
    grant = desk.start()
    other, tokens = Client(), pages.tokens_of(desk.keycloak, "olga")
    pages.log_in(other, desk.operator, tokens)
    assert post(logout_token(desk, tokens)) == 200
    assert desk.who(other) == ""
    grant.refresh_from_db()
    assert grant.ended_at is None
    assert desk.who() == "alice"


def test_d21__end_cannot_be_recorded(desk: RealmDesk):
    """Then the logout failed, and the same token may be sent again."""
    grant = desk.start()
    token = logout_token(desk, operators(desk))
    with record_refuses():
        assert post(token) == 400
    assert post(token) == 200
    grant.refresh_from_db()
    assert grant.end_cause == Cause.LOGOUT


def test_d21__logout_under_a_grant_forgets_the_operators_tokens(desk: RealmDesk):
    """Django sends its signal for the target alone, but the operator leaves, too."""
    tokens = operators(desk)
    is_kept(desk, tokens)
    assert is_kept(desk, tokens)
    desk.start()

    desk.client.get("/leave/")

    assert not is_kept(desk, tokens)
    assert not KeycloakLogin.objects.exists()
