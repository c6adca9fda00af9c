"""Each tenant's people log in at their own realm, at their own address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.http import HttpRequest, JsonResponse
from django.test import RequestFactory
from django.urls import include, path

from kc_exchange import downstream_session
from kc_exchange.exceptions import UnknownRealm
from kc_exchange.login.mozilla import KeycloakLoginView
from kc_exchange.models import KeycloakIdentity
from kc_exchange.testing import EmbeddedKeycloak
from tests.login.browser import Browser, whoami
from tests.tenants.echo import Echo
from tests.tenants.tenants import TENANTS, host, realm, settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator


def orders(request: HttpRequest) -> JsonResponse:
    with downstream_session("orders-api") as session:
        return JsonResponse(session.get("v1/").json()["claims"])


urlpatterns = [
    path("authenticate/", KeycloakLoginView.as_view()),
    path("oidc/", include("mozilla_django_oidc.urls")),
    path("whoami/", whoami),
    path("orders/", orders),
]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
START = "/authenticate/"


@pytest.fixture
def keycloak(settings: Any) -> Iterator[EmbeddedKeycloak]:
    """Both realms, and a project whose login has no settings but KC_EXCHANGE."""
    with EmbeddedKeycloak(*map(realm, TENANTS)) as server, Echo() as service:
        settings.KC_EXCHANGE = settings_for(server, service.url)
        settings.AUTHENTICATION_BACKENDS = [
            "kc_exchange.login.mozilla.KeycloakOIDCBackend"
        ]
        settings.OIDC_USE_PKCE = True
        settings.OIDC_OP_LOGOUT_URL_METHOD = "kc_exchange.login.mozilla.provider_logout"
        settings.LOGIN_REDIRECT_URL = "/whoami/"
        settings.LOGOUT_REDIRECT_URL = "/"
        settings.LOGIN_URL = "/authenticate/"
        yield server


@pytest.mark.parametrize("tenant", TENANTS)
def test_login__goes_to_the_realm_of_the_host(
    keycloak: EmbeddedKeycloak, tenant: str
) -> None:
    """And its people's calls go out by that realm, with its client."""
    browser = Browser(host(tenant))
    browser.sign_in(START, "alice")

    claims = browser.project.get("/orders/").json()

    assert claims["iss"] == keycloak.issuer(tenant)
    assert claims["aud"] == "orders-api"
    assert KeycloakIdentity.objects.get().issuer == keycloak.issuer(tenant)
    assert browser.kept is not None
    assert browser.kept.realm == {"acme": "default"}.get(tenant, tenant)


def test_people__of_one_name_are_two(keycloak: EmbeddedKeycloak) -> None:
    """Alice of one tenant is not Alice of the other one."""
    seen = []
    for tenant in TENANTS:
        browser = Browser(host(tenant))
        browser.sign_in(START, "alice")
        seen.append(browser.project.get("/whoami/").json()["user"])

    assert len(set(seen)) == 2
    assert get_user_model().objects.count() == 2


def test_session__at_the_other_address_counts_for_nothing(
    keycloak: EmbeddedKeycloak,
) -> None:
    """Two hosts may share a cookie's domain: the realm is asked all the same."""
    here, there = Browser(host("acme")), Browser(host("globex"))
    here.sign_in(START, "alice")
    there.project.cookies = here.project.cookies

    answer = there.project.get("/orders/", headers={"Accept": "text/html"})

    assert answer.status_code == 302
    assert answer["Location"].startswith("/authenticate/?next=")
    assert keycloak.exchanges == []


def test_logout__is_at_the_realm_of_the_login(keycloak: EmbeddedKeycloak) -> None:
    browser = Browser(host("globex"))
    browser.sign_in(START, "bob")

    leads = urlsplit(browser.project.post("/oidc/logout/")["Location"])

    assert f"{leads.scheme}://{leads.netloc}{leads.path}".startswith(
        keycloak.issuer("globex")
    )
    asked = parse_qs(leads.query)
    assert asked["post_logout_redirect_uri"] == [f"http://{host('globex')}/"]
    assert "id_token_hint" in asked


def test_login__at_an_address_of_no_realm(keycloak: EmbeddedKeycloak) -> None:
    """Nobody is sent anywhere."""
    request = RequestFactory().get(START, SERVER_NAME="elsewhere.example")

    with pytest.raises(UnknownRealm):
        KeycloakLoginView.as_view()(request)


def test_code__of_the_other_realm_is_no_login(keycloak: EmbeddedKeycloak) -> None:
    """A code is redeemed at the realm of the address that it comes to."""
    here, there = Browser(host("acme")), Browser(host("globex"))
    there.project.get(START)
    begun = here.project.get(START)["Location"]
    ours = parse_qs(urlsplit(begun).query)["state"][0]
    there.project.cookies = here.project.cookies

    answer = there.project.get(f"/oidc/callback/?code=made-up&state={ours}")

    assert answer.status_code != 302 or "whoami" not in answer["Location"]
    assert get_user_model().objects.count() == 0
