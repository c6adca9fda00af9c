"""Log in with mozilla-django-oidc against the embedded Keycloak."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.core.exceptions import SuspiciousOperation
from django.urls import include, path

from kc_exchange.capture.session import ITEM, sealed_anew
from kc_exchange.login.mozilla import KeycloakOIDCBackend, provider_logout
from kc_exchange.models import KeycloakIdentity
from kc_exchange.tokens import unverified_claims
from tests.login.browser import HOME, Browser, views

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import RequestFactory

    from kc_exchange.testing import DownstreamRecorder, EmbeddedKeycloak

urlpatterns = [*views, path("oidc/", include("mozilla_django_oidc.urls"))]
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls(__name__),
    pytest.mark.usefixtures("_project"),
]
START = "/oidc/authenticate/"


@pytest.fixture
def _project(settings: Any, keycloak: EmbeddedKeycloak) -> None:
    base = f"{keycloak.issuer('test')}/protocol/openid-connect/"
    settings.AUTHENTICATION_BACKENDS = ["kc_exchange.login.mozilla.KeycloakOIDCBackend"]
    settings.OIDC_RP_CLIENT_ID = "django-app"
    settings.OIDC_USE_PKCE = True
    settings.OIDC_OP_AUTHORIZATION_ENDPOINT = f"{base}auth"
    settings.OIDC_OP_LOGOUT_URL_METHOD = "kc_exchange.login.mozilla.provider_logout"
    settings.LOGIN_REDIRECT_URL = "/whoami/"
    settings.LOGOUT_REDIRECT_URL = "/"
    settings.LOGIN_REDIRECT_URL_FAILURE = "/failed/"


def refuse(*, claims: Any, identity: Any) -> None:
    """Let nobody in, as a project's USER_FROM_CLAIMS may."""


def test_login__keeps_all_tokens_sealed(browser: Browser) -> None:
    response = browser.sign_in(START, "alice")

    assert response["Location"] == "/whoami/"
    assert browser.project.get("/whoami/").json() == {"user": "alice"}
    kept = browser.kept
    assert kept is not None
    assert unverified_claims(kept.access_token)["typ"] == "Bearer"
    assert unverified_claims(kept.refresh_token)["typ"] == "Refresh"
    assert unverified_claims(kept.id_token)["typ"] == "ID"
    assert abs(kept.expires_at - time.time() - 300) < 30
    row = str(Session.objects.get().get_decoded())
    for token in (kept.access_token, kept.refresh_token, kept.id_token):
        assert not any(row.count(part) for part in token.split("."))


def test_user__is_known_by_issuer_and_subject_alone(
    browser: Browser, keycloak: EmbeddedKeycloak
) -> None:
    """Neither the name nor the address at Keycloak leads to an account here."""
    namesake = get_user_model().objects.create_user("alice", "alice@example.com")

    browser.sign_in(START, "alice")

    identity = KeycloakIdentity.objects.get()
    assert identity.issuer == keycloak.issuer("test")
    assert identity.user != namesake
    identity.user.username = "renamed"
    identity.user.save()
    Browser().sign_in(START, "alice")
    browser.sign_in(START, "alice")
    assert browser.project.get("/whoami/").json() == {"user": "renamed"}
    assert get_user_model().objects.count() == 2


def test_second_login_of_same_user__replaces_the_tokens(
    browser: Browser, keycloak: EmbeddedKeycloak
) -> None:
    """No `login()` is called for a user who is logged in already."""
    browser.sign_in(START, "alice")
    before, key = browser.kept, browser.project.session.session_key
    keycloak.logout("test", "alice")

    browser.sign_in(START, "alice")

    assert browser.project.session.session_key == key
    assert browser.kept is not None
    assert before is not None
    assert browser.kept.refresh_token != before.refresh_token


def test_downstream_call__refreshes_what_has_expired(
    browser: Browser, keycloak: EmbeddedKeycloak, kc_downstream: DownstreamRecorder
) -> None:
    keycloak.set_lifespan("test", 1)
    try:
        browser.sign_in(START, "alice")
    finally:
        keycloak.set_lifespan("test", 300)
    before = browser.kept
    time.sleep(1.1)

    assert browser.project.get("/orders/").json() == {"status": 200}

    assert browser.kept is not None
    assert before is not None
    assert browser.kept.access_token != before.access_token
    assert browser.kept.id_token
    assert unverified_claims(kc_downstream.tokens[0])["aud"] == "orders-api"


def test_session_over_at_keycloak__needs_a_new_login(
    browser: Browser, keycloak: EmbeddedKeycloak
) -> None:
    browser.sign_in(START, "alice")
    keycloak.logout("test", "alice")
    assert browser.project.get("/orders/").status_code in {302, 401}


def test_refused_user__has_no_session(
    browser: Browser, keycloak: EmbeddedKeycloak, configure: Callable[..., None]
) -> None:
    configure(keycloak, None, USER_FROM_CLAIMS=f"{__name__}.refuse")
    assert browser.sign_in(START, "alice")["Location"] == "/failed/"
    assert browser.kept is None
    assert not KeycloakIdentity.objects.exists()


def test_inactive_user__is_logged_out(browser: Browser) -> None:
    browser.sign_in(START, "alice")
    get_user_model().objects.update(is_active=False)
    assert browser.project.get("/whoami/").json() == {"user": ""}
    assert browser.sign_in(START, "alice")["Location"] == "/failed/"


def test_logout__ends_the_session_at_keycloak(
    browser: Browser, keycloak: EmbeddedKeycloak
) -> None:
    browser.sign_in(START, "alice")
    kept = browser.kept
    assert kept is not None

    location = browser.project.post("/oidc/logout/")["Location"]

    query = parse_qs(urlsplit(location).query)
    assert location.startswith(f"{keycloak.issuer('test')}/protocol/")
    assert query["id_token_hint"] == [kept.id_token]
    assert query["post_logout_redirect_uri"] == [f"{HOME}/"]
    assert browser.follow(location).headers["Location"] == f"{HOME}/"
    assert browser.kept is None
    assert not keycloak._find("test").sessions.of_user(
        unverified_claims(kept.id_token)["sub"]
    )


def test_logout_of_a_realm_that_left_the_settings(browser: Browser) -> None:
    """Nobody knows where to log out there; here the logout goes on."""
    browser.sign_in(START, "alice")
    kept, session = browser.kept, browser.project.session
    assert kept is not None
    assert session.session_key is not None
    old = replace(kept, realm="old")
    session[ITEM] = sealed_anew(session.session_key, old).sealed
    session.save()

    assert browser.project.post("/oidc/logout/")["Location"] == f"{HOME}/"
    assert browser.kept is None


def test_logout_without_tokens__names_the_client(rf: RequestFactory) -> None:
    query = parse_qs(urlsplit(provider_logout(rf.get("/"))).query)
    assert query["client_id"] == ["django-app"]
    assert "id_token_hint" not in query


def claims(keycloak: EmbeddedKeycloak, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    good = {
        "iss": keycloak.issuer("test"),
        "sub": "someone",
        "aud": "django-app",
        "nonce": "n-1",
        "typ": "ID",
        "iat": now,
        "exp": now + 60,
    }
    return {k: v for k, v in {**good, **changes}.items() if v is not None}


def verified(keycloak: EmbeddedKeycloak, **changes: Any) -> dict[str, Any]:
    token = keycloak.sign("test", claims(keycloak, **changes))
    return KeycloakOIDCBackend().verify_token(token, nonce="n-1")


def test_id_token__is_read(keycloak: EmbeddedKeycloak) -> None:
    aside = {"iat": int(time.time()) + 5}
    assert verified(keycloak)["sub"] == "someone"
    assert verified(keycloak, **aside)["sub"] == "someone"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://id.example.com/realms/test"},
        {"iss": None},
        {"aud": "orders-api"},
        {"aud": None},
        {"sub": None},
        {"exp": 1},
        {"exp": None},
        {"iat": 2**32},
        {"azp": "orders-api"},
        {"typ": "Bearer"},
        {"nonce": "n-2"},
        {"nonce": None},
    ],
    ids=str,
)
def test_id_token_of_elsewhere__is_refused(
    changes: dict[str, Any], keycloak: EmbeddedKeycloak
) -> None:
    with pytest.raises(SuspiciousOperation):
        verified(keycloak, **changes)


def test_unsigned_id_token__is_refused(
    keycloak: EmbeddedKeycloak, settings: Any
) -> None:
    settings.OIDC_ALLOW_UNSECURED_JWT = True
    token = jwt.encode(claims(keycloak), "", algorithm="none")
    with pytest.raises(SuspiciousOperation):
        KeycloakOIDCBackend().verify_token(token, nonce="n-1")
