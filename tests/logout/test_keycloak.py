"""A Keycloak, embedded or real, posts its logout token to a project that listens."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import jwt
import pytest
import requests
from django.contrib.auth import get_user_model
from django.core.cache import cache as django_cache
from django.test import Client
from django.urls import path

from kc_exchange import views
from kc_exchange.models import KeycloakLogin, remember_identity
from kc_exchange.testing import EmbeddedKeycloak
from kc_exchange.tokens import TokenSet, unverified_claims
from tests import real_keycloak
from tests.impersonation.realm_desk import log_in
from tests.keycloak.admins import EmbeddedAdmin, RealAdmin
from tests.login.browser import views as pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest, HttpResponse

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db(transaction=True)]
REALM, SECRET = "logouts", "a-secret-of-this-test"
OF_A_SESSION = {"backchannel.logout.session.required": "true"}
received: list[str] = []


def listen(request: HttpRequest) -> HttpResponse:
    """Note what came, and let the view have it."""
    received.append(request.POST.get("logout_token", ""))
    return views.backchannel_logout(request)


listen.csrf_exempt = True  # type: ignore[attr-defined]
urlpatterns = [*pages, path("listen/", listen)]


def realm(address: str, **attributes: str) -> dict[str, Any]:
    """Return a realm whose client wants to hear of logouts."""
    alice = {
        "username": "alice",
        "enabled": True,
        "email": "alice@example.com",
        "firstName": "Alice",
        "lastName": "Andersen",
        "credentials": [{"type": "password", "value": "alice-password"}],
    }
    client = {
        "clientId": "django-app",
        "secret": SECRET,
        "directAccessGrantsEnabled": True,
        "redirectUris": ["http://localhost/*"],
        "attributes": {"backchannel.logout.url": f"{address}/listen/", **attributes},
    }
    return {"realm": REALM, "enabled": True, "clients": [client], "users": [alice]}


class Kept:
    """One Keycloak with that realm, and the project in front of it."""

    def __init__(self, url: str, admin: Any) -> None:
        self.issuer = f"{url}/realms/{REALM}"
        self.admin = admin

    def tokens(self) -> TokenSet:
        """Log Alice in."""
        reply = self._post(
            "token",
            grant_type="password",
            username="alice",
            password="alice-password",
            scope="openid",
        ).json()
        return TokenSet(
            **{n: reply[n] for n in ("access_token", "refresh_token", "id_token")},
            expires_at=time.time() + reply["expires_in"],
        )

    def browser(self, tokens: TokenSet) -> Client:
        """Return a browser whose session holds these tokens."""
        said = unverified_claims(tokens.access_token)
        user, _ = get_user_model().objects.get_or_create(username="alice")
        remember_identity(user, issuer=said["iss"], subject=said["sub"])
        client = Client()
        log_in(client, user, tokens)
        return client

    def log_out(self, tokens: TokenSet) -> None:
        """End the session at Keycloak with the refresh token."""
        ended = self._post("logout", refresh_token=tokens.refresh_token)
        assert ended.status_code == 204

    def _post(self, name: str, **form: str) -> requests.Response:
        with requests.Session() as http:
            http.trust_env = False
            return http.post(
                f"{self.issuer}/protocol/openid-connect/{name}",
                data={"client_id": "django-app", "client_secret": SECRET, **form},
                timeout=30,
            )


@pytest.fixture(
    params=[
        "embedded",
        pytest.param("real", marks=real_keycloak.marks(real_keycloak.STANDARD)),
    ]
)
def start(request: Any, live_server: Any, settings: Any) -> Iterator[Any]:
    """Return what starts a Keycloak whose client has these attributes."""
    started: list[EmbeddedKeycloak] = []

    def begin(**attributes: str) -> Kept:
        document = realm(live_server.url, **attributes)
        if request.param == "real":
            url = real_keycloak.needed_address(real_keycloak.STANDARD)
            admin: Any = RealAdmin(url, *real_keycloak.administrator(), realm=REALM)
            admin.import_realm(document)
        else:
            started.append(EmbeddedKeycloak(document).start())
            url, admin = started[0].url, EmbeddedAdmin(started[0]).of(REALM)
        made = Kept(url, admin)
        client = {"CLIENT_ID": "django-app", "CLIENT_SECRET": SECRET}
        settings.KC_EXCHANGE = {
            "REALMS": {"default": {"ISSUER": made.issuer, **client}}
        }
        return made

    received.clear()
    yield begin
    for keycloak in started:
        keycloak.stop()
    django_cache.clear()


def user(client: Client) -> str:
    return str(client.get("/whoami/").json()["user"])


def test_logout_at_keycloak__ends_the_session_here(start: Any) -> None:
    """Of that login alone; what is posted says what Keycloak's documents say."""
    keycloak = start(**OF_A_SESSION)
    tokens, others = keycloak.tokens(), keycloak.tokens()
    ended, other = keycloak.browser(tokens), keycloak.browser(others)

    keycloak.log_out(tokens)

    assert (user(ended), user(other)) == ("", "alice")
    assert KeycloakLogin.objects.exclude(sealed_key="").count() == 1
    (token,) = received
    header, claims = jwt.get_unverified_header(token), unverified_claims(token)
    access = unverified_claims(tokens.access_token)
    assert (header["typ"], header["alg"]) == ("logout+jwt", "RS256")
    assert claims == {
        **{name: access[name] for name in ("iss", "sub", "sid")},
        **{name: claims[name] for name in ("iat", "jti")},
        "aud": "django-app",
        "exp": claims["iat"] + 120,
        "typ": "Logout",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    }
    assert abs(claims["iat"] - time.time()) < 60


def test_logout_at_keycloak__without_the_session(start: Any) -> None:
    """A client that asks for no `sid` is told of a person: all of their logins end."""
    keycloak = start(**{"backchannel.logout.revoke.offline.tokens": "true"})
    tokens = keycloak.tokens()
    browsers = [keycloak.browser(one) for one in (tokens, keycloak.tokens())]

    keycloak.log_out(tokens)

    assert [user(browser) for browser in browsers] == ["", ""]
    claims = unverified_claims(received[0])
    assert "sid" not in claims
    assert claims["events"]["revoke_offline_access"] is True


def test_administrator_ends_all_sessions(start: Any) -> None:
    """Each of them is told of by itself."""
    keycloak = start(**OF_A_SESSION)
    logins = [keycloak.tokens() for _ in range(3)]
    browsers = [keycloak.browser(tokens) for tokens in logins]

    keycloak.admin.end_sessions("alice")

    assert [user(browser) for browser in browsers] == [""] * 3
    told = {unverified_claims(token)["sid"] for token in received}
    assert told == {unverified_claims(one.access_token)["sid"] for one in logins}


def test_client_without_an_address__is_told_nothing(start: Any) -> None:
    """Then the session here goes on, as it would without any of this."""
    keycloak = start(**{"backchannel.logout.url": ""})
    tokens = keycloak.tokens()
    browser = keycloak.browser(tokens)
    keycloak.log_out(tokens)
    assert (received, user(browser)) == ([], "alice")
