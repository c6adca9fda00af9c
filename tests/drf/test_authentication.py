"""Who a request with a token is, and what is answered when nobody can tell."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from kc_exchange import discovery, jwt_validation
from kc_exchange.models import KeycloakIdentity
from kc_exchange.testing import EmbeddedKeycloak
from kc_exchange.tokens import unverified_claims

User = get_user_model()


def nobody(*, claims, identity):
    """A site that lets nobody in whom it does not know."""
    return identity.user if identity else None


def test_user__made_at_first_sight(token, call):
    """The first request makes the user, the second finds it."""
    for _ in range(2):
        answer = call("/me", token).json()
        assert answer["user"] == "alice"
        assert answer["subject"] == unverified_claims(token)["sub"]
        assert answer["actor"] is None
    assert User.objects.get().email == "alice@example.com"
    assert not User.objects.get().has_usable_password()
    assert KeycloakIdentity.objects.count() == 1


def test_user__without_the_middleware(settings, token, call):
    """The authentication needs no middleware of this package."""
    settings.MIDDLEWARE = []
    assert call("/me", token).json()["user"] == "alice"


def test_user__second_request_asks_the_database_once(
    token, call, django_assert_num_queries
):
    """A known user costs one query, and no write."""
    call("/me", token)
    with django_assert_num_queries(1):
        call("/me", token)


def test_user__inactive(token, call):
    """A user who was shut out here stays out, though Keycloak lets them in."""
    call("/me", token)
    User.objects.update(is_active=False)
    response = call("/me", token)
    assert response.status_code == 401
    assert 'error="invalid_token"' in response["WWW-Authenticate"]


def test_user__not_known_to_the_site(settings, token, call):
    """USER_FROM_CLAIMS may say that somebody is nobody here."""
    path = "tests.drf.test_authentication.nobody"
    settings.KC_EXCHANGE = settings.KC_EXCHANGE | {"USER_FROM_CLAIMS": path}
    assert call("/me", token).status_code == 401
    assert not User.objects.exists()


def test_user__never_an_existing_account(token, call):
    """Who is called as an account here is not that account."""
    admin = User.objects.create_superuser("Alice", "alice@example.com", "secret")
    answer = call("/me", token).json()
    assert answer["user"] == unverified_claims(token)["sub"]
    assert admin.keycloak_identities.count() == 0


def test_session__first(token, call):
    """A bad token is a 401 also where the session's authentication comes first."""
    assert call("/session-first", token).json()["user"] == "alice"
    response = call("/session-first", token[:-6] + "AAAAAA")
    assert response.status_code == 401
    assert 'error="invalid_token"' in response["WWW-Authenticate"]


def test_open_view__bad_token(token, call):
    """A bad token is refused where none is needed, too."""
    assert call("/open").status_code == 200
    assert call("/open", token[:-6] + "AAAAAA").status_code == 401


def test_actor(settings, keycloak: EmbeddedKeycloak, token, call):
    """Who acts for the user is in `request.auth`, if the settings know them."""
    claims = unverified_claims(token) | {"act": {"sub": "support"}}
    delegated = keycloak.sign(keycloak.realms[0], claims)
    assert call("/me", delegated).status_code == 401
    realms = settings.KC_EXCHANGE["REALMS"]
    realm = realms["default"] | {"ACTORS": {"support": ["django-app"]}}
    settings.KC_EXCHANGE = settings.KC_EXCHANGE | {"REALMS": {"default": realm}}
    assert call("/me", delegated).json()["actor"] == "support"


def test_keycloak__rotates_its_keys(keycloak: EmbeddedKeycloak, token, call):
    """A token of a new key is accepted at once, one of a removed key is not."""
    realm = keycloak.realms[0]
    assert call("/me", token).status_code == 200
    keycloak.rotate_keys(realm)
    new = keycloak.token(realm, "alice", client_id="django-app")
    assert call("/me", new).status_code == 200
    assert call("/me", token).status_code == 200
    keycloak.remove_old_keys(realm)
    jwt_validation.forget()
    assert call("/me", new).status_code == 200
    assert call("/me", token).status_code == 401


@pytest.fixture
def stopped(configure):
    """A token of a Keycloak that is gone before anybody asked for its keys."""
    from kc_exchange.testing.pytest_plugin import BUNDLED  # noqa: PLC0415

    discovery.forget()
    with EmbeddedKeycloak(BUNDLED) as keycloak:
        configure(keycloak, None, REALM={"AUDIENCES": ["account"]})
        return keycloak.token(keycloak.realms[0], "alice", client_id="django-app")


def test_keycloak__away(stopped, call):
    """While the keys cannot be had the answer is 503: the token may be good."""
    response = call("/me", stopped)
    assert response.status_code == 503
    assert 1 <= int(response["Retry-After"]) <= 60
    assert "WWW-Authenticate" not in response
    assert not User.objects.exists()


def test_keycloak__away_and_session(stopped, call):
    """Not even a session lets a request in whose token cannot be checked."""
    browser = Client()
    browser.force_login(User.objects.create(username="session"))
    response = call("/bearer-first", client=browser)
    assert response.json()["user"] == "session"
    assert call("/bearer-first", stopped, client=browser).status_code == 503


@pytest.mark.parametrize(
    ("host", "status"), [("acme.example", 200), ("b.example", 401)]
)
def test_user__at_the_address_of_another_realm(settings, token, host, status):
    """Where hosts belong to realms, a token counts at its own realm's alone."""
    ours = settings.KC_EXCHANGE["REALMS"]["default"]
    settings.KC_EXCHANGE = {
        **settings.KC_EXCHANGE,
        "REALM_OF_REQUEST": "kc_exchange.capture.realm_by_host",
        "REALMS": {
            "default": {**ours, "HOSTS": ["acme.example"]},
            "b": {**ours, "ISSUER": f"{ours['ISSUER']}-b", "HOSTS": ["b.example"]},
        },
    }
    client = Client(SERVER_NAME=host)

    response = client.get("/me", headers={"Authorization": f"Bearer {token}"})

    assert response.status_code == status
    elsewhere = Client(SERVER_NAME="nowhere.example")
    response = elsewhere.get("/me", headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 401
