"""Log in with django-allauth's `openid_connect` against the embedded Keycloak."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import override_settings
from django.urls import path

from kc_exchange import capture
from kc_exchange.models import KeycloakIdentity
from kc_exchange.tokens import unverified_claims
from tests.capture.browser import with_session
from tests.login.browser import Browser, views

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest

    from kc_exchange.testing import DownstreamRecorder, EmbeddedKeycloak

urlpatterns: list[Any] = []
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls(__name__),
    pytest.mark.usefixtures("_project"),
]
START = "/accounts/oidc/keycloak/login/"
APPS = [
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]


@pytest.fixture(scope="module")
def _installed(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Install allauth for this module: its middleware varies every page."""
    middleware = "allauth.account.middleware.AccountMiddleware"
    with ExitStack() as stack:
        stack.enter_context(
            override_settings(MIDDLEWARE=[*django_settings.MIDDLEWARE, middleware])
        )
        stack.enter_context(
            override_settings(INSTALLED_APPS=[*django_settings.INSTALLED_APPS, *APPS])
        )
        stack.enter_context(django_db_blocker.unblock())
        call_command("migrate", verbosity=0)
        from django.urls import include  # noqa: PLC0415

        urlpatterns[:] = [*views, path("accounts/", include("allauth.urls"))]
        yield


@pytest.fixture
def _project(settings: Any, keycloak: EmbeddedKeycloak, _installed: None) -> None:
    settings.AUTHENTICATION_BACKENDS = [
        "allauth.account.auth_backends.AuthenticationBackend"
    ]
    settings.LOGIN_REDIRECT_URL = "/whoami/"
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"
    provide(settings, keycloak.issuer("test"))


def provide(settings: Any, server_url: str) -> None:
    app = {
        "provider_id": "keycloak",
        "name": "Keycloak",
        "client_id": "django-app",
        "secret": "django-app-secret",
        "settings": {"server_url": server_url, "oauth_pkce_enabled": True},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}


def test_login__keeps_the_tokens_sealed(
    browser: Browser, keycloak: EmbeddedKeycloak
) -> None:
    response = browser.sign_in(START, "alice", method="post")

    assert response["Location"] == "/whoami/"
    kept = browser.kept
    assert kept is not None
    assert unverified_claims(kept.access_token)["typ"] == "Bearer"
    assert unverified_claims(kept.refresh_token)["typ"] == "Refresh"
    row = str(Session.objects.get().get_decoded())
    assert kept.access_token.split(".")[1] not in row
    assert kept.refresh_token.split(".")[1] not in row


def test_login__at_another_of_the_realms(
    browser: Browser, keycloak: EmbeddedKeycloak, settings: Any
) -> None:
    """The provider's address and issuer say which of REALMS it is."""
    ours = settings.KC_EXCHANGE["REALMS"]["default"]
    first = {**ours, "ISSUER": f"{keycloak.url}/realms/another"}
    realms = {"default": first, "tenant": {**ours, "USERS": True}}
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "REALMS": realms}

    browser.sign_in(START, "alice", method="post")

    assert browser.kept is not None
    assert browser.kept.realm == "tenant"
    assert browser.project.get("/orders/").json() == {"status": 200}


def test_identity__is_remembered(browser: Browser, keycloak: EmbeddedKeycloak) -> None:
    browser.sign_in(START, "alice", method="post")

    identity = KeycloakIdentity.objects.get()
    assert browser.kept is not None
    assert identity.issuer == keycloak.issuer("test")
    assert identity.subject == unverified_claims(browser.kept.access_token)["sub"]
    name = identity.user.get_username()
    assert browser.project.get("/whoami/").json() == {"user": name}

    Browser().sign_in(START, "alice", method="post")
    assert get_user_model().objects.count() == 1


def test_downstream_call__is_exchanged(
    browser: Browser, kc_downstream: DownstreamRecorder
) -> None:
    browser.sign_in(START, "alice", method="post")
    assert browser.project.get("/orders/").json() == {"status": 200}
    assert unverified_claims(kc_downstream.tokens[0])["aud"] == "orders-api"


def test_login_that_waits_for_a_form__keeps_the_tokens(
    browser: Browser, settings: Any
) -> None:
    """The user logs in by a later request than the one that got the tokens."""
    settings.SOCIALACCOUNT_AUTO_SIGNUP = False
    form = browser.sign_in(START, "alice", method="post")["Location"]
    before = browser.kept
    assert before is None

    browser.project.post(form, {"username": "alice", "email": "alice@example.com"})

    assert browser.project.get("/whoami/").json() == {"user": "alice"}
    assert browser.kept is not None
    assert KeycloakIdentity.objects.get().user.get_username() == "alice"


def test_connected_account__keeps_the_tokens(browser: Browser) -> None:
    """A user who came by password links Keycloak, and can call downstreams."""
    user = get_user_model().objects.create_user("local", password="x")
    backend = "allauth.account.auth_backends.AuthenticationBackend"
    browser.project.force_login(user, backend)

    browser.sign_in(f"{START}?process=connect", "alice", method="post")

    assert browser.project.get("/whoami/").json() == {"user": "local"}
    assert browser.project.get("/orders/").json() == {"status": 200}
    assert KeycloakIdentity.objects.get().user == user


def arrive(issuer: str, **changes: Any) -> HttpRequest:
    """Let a social login come in that names `issuer`; return its request."""
    from allauth.core import context  # noqa: PLC0415
    from allauth.socialaccount.models import (  # noqa: PLC0415
        SocialAccount,
        SocialLogin,
        SocialToken,
    )

    from kc_exchange.login.allauth import keep_tokens  # noqa: PLC0415

    user = get_user_model().objects.create_user("mallory")
    claims = {"iss": issuer, "sub": "alice's", **changes.pop("claims", {})}
    account = SocialAccount(
        provider="keycloak", uid="alice's", extra_data={"id_token": claims}, user=user
    )
    token = SocialToken(token="access", token_secret="refresh")
    sociallogin = SocialLogin(user=user, account=account)
    sociallogin.token = changes.pop("token", token)
    request = with_session(**changes.pop("extra", {}))
    request.session["_auth_user_id"] = str(user.pk)
    with context.request_context(request):
        keep_tokens(object, request, changes.pop("sociallogin", sociallogin))
    return request


def test_login_of_our_realm__is_kept(keycloak: EmbeddedKeycloak) -> None:
    assert capture.kept(arrive(keycloak.issuer("test"))) is not None


@pytest.mark.parametrize(
    "changes",
    [{"claims": {"iss": "https://x.example"}}, {"token": None}, {"sociallogin": None}],
    ids=["another issuer", "no token", "no social login"],
)
def test_other_login__is_left_alone(
    changes: dict[str, Any], keycloak: EmbeddedKeycloak
) -> None:
    assert capture.kept(arrive(keycloak.issuer("test"), **changes)) is None
    assert not KeycloakIdentity.objects.exists()


def test_provider_that_claims_our_issuer__is_not_believed(
    keycloak: EmbeddedKeycloak, settings: Any
) -> None:
    """Or whoever runs it would be anybody of our realm."""
    provide(settings, "https://less-trusted.example/realms/test")
    assert capture.kept(arrive(keycloak.issuer("test"))) is None
    assert not KeycloakIdentity.objects.exists()


@pytest.mark.parametrize(
    ("host", "kept"),
    [("tenant.example", True), ("another.example", False), ("evil.example", False)],
)
def test_login_of_another_tenants_realm__is_left_alone(
    keycloak: EmbeddedKeycloak, settings: Any, caplog: Any, host: str, kept: bool
) -> None:
    """Or its tokens would be in a session at this tenant's address."""
    ours = settings.KC_EXCHANGE["REALMS"]["default"]
    first = {**ours, "ISSUER": f"{keycloak.url}/realms/another"}
    settings.KC_EXCHANGE = {
        **settings.KC_EXCHANGE,
        "REALM_OF_REQUEST": "kc_exchange.capture.realm_by_host",
        "REALMS": {
            "default": {**first, "HOSTS": ["another.example"]},
            "tenant": {**ours, "HOSTS": ["tenant.example"]},
        },
    }

    request = arrive(keycloak.issuer("test"), extra={"SERVER_NAME": host})

    assert (capture.kept(request) is not None) == kept
    assert KeycloakIdentity.objects.exists() == kept
    assert ("kc_exchange.login_not_kept realm=tenant" in caplog.text) != kept
    assert kept or "Fix:" in caplog.text
