"""The same as a page of the admin: who may, with whose token, and what it shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import reverse

from kc_exchange.capture.session import ITEM, sealed_anew
from kc_exchange.tokens import TokenSet, expiry
from tests.admin.office import allow, new_office, person, staff
from tests.doctor import changes
from tests.doctor.kinds import Kind
from tests.doctor.tokens import Expired, Login
from tests.doctor.world import world
from tests.real_keycloak import STANDARD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.doctor.world import World

pytestmark = pytest.mark.django_db

PAGE = "/admin/kc_exchange/keycloakidentity/doctor/"
LIST = "/admin/kc_exchange/keycloakidentity/"
TITLE = "Find out why Keycloak refuses"
EMBEDDED = Kind(STANDARD, real=False)


@pytest.fixture
def sound(partner: str, settings: Any) -> Iterator[World]:
    """A server as it should be, and a project in front of it."""
    with world(EMBEDDED, partner) as made:
        settings.KC_EXCHANGE = {
            **made.settings(),
            "IMPERSONATION": {"AT_KEYCLOAK": "never"},
        }
        settings.ROOT_URLCONF = "tests.admin.office"
        yield made


def visitor(*codenames: str, token: str = "", refresh_token: str = "") -> Client:
    """Return the browser of somebody of the staff, who logged in through Keycloak."""
    client = Client()
    client.force_login(staff("dora", *codenames))
    if token:
        keep_in_session(client, token, refresh_token)
    return client


def keep_in_session(client: Client, token: str, refresh_token: str = "") -> None:
    """Put tokens into the session, as a login does."""
    session = client.session
    tokens = TokenSet(
        access_token=token, refresh_token=refresh_token, expires_at=expiry(token)
    )
    session[ITEM] = sealed_anew(str(session.session_key), tokens).sealed
    session.save()


def text_of(response: Any) -> str:
    """Return what a reader sees, without tags and with single blanks."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_page__needs_the_permission(sound: World) -> None:
    """Who may see identities, or anything else of this package, may not run it."""
    for client in (visitor("view_keycloakidentity", "view_auditevent"), Client()):
        for response in (client.get(PAGE), client.post(PAGE, {"downstream": ""})):
            assert response.status_code in (302, 403)

    assert sound.embedded is not None
    assert len(sound.embedded.exchanges) == 0


def test_page__is_for_superusers_too(sound: World) -> None:
    client = Client()
    client.force_login(person("root", is_staff=True, is_superuser=True))

    assert client.get(PAGE).status_code == 200


def test_page__has_a_name(sound: World) -> None:
    assert reverse("admin:kc_exchange_doctor") == PAGE


def test_page__of_another_site(sound: World) -> None:
    """Each admin site has one, at its own address."""
    client = visitor("run_doctor", "view_keycloakidentity")

    page = client.get(PAGE.replace("/admin/", "/back/")).content.decode()

    assert 'href="/back/kc_exchange/keycloakidentity/"' in page


def test_list__links_to_it_for_whom_it_is(sound: World) -> None:
    """Others see no way there."""
    client = visitor("run_doctor", "view_keycloakidentity")
    assert f'<li><a href="{PAGE}">{TITLE}</a></li>' in client.get(LIST).content.decode()

    other = Client()
    other.force_login(staff("carl", "view_keycloakidentity"))
    assert PAGE not in other.get(LIST).content.decode()


def test_page__asks_what_to_examine(sound: World) -> None:
    """A visit alone asks Keycloak nothing."""
    response = visitor("run_doctor").get(PAGE)

    page = response.content.decode()
    assert '<option value="orders-api">orders-api</option>' in page
    assert 'name="csrfmiddlewaretoken"' in page
    assert "What was found" not in page
    assert sound.embedded is not None
    assert len(sound.embedded.exchanges) == 0


def test_page__goes_with_the_visitors_own_token(sound: World) -> None:
    """The token is that of the session; it is not on the page."""
    token = Login().obtain(sound)
    client = visitor("run_doctor", token=token)

    response = client.post(PAGE, {"downstream": "orders-api"})

    said = text_of(response)
    assert response.status_code == 200
    assert "An access token of realm default, of a session, issued to frontend." in said
    assert "Keycloak issues the user a token for it alone." in said
    assert "eyJ" not in response.content.decode()
    assert "django-app-secret" not in response.content.decode()
    assert "no-store" in response["Cache-Control"]


def test_page__refreshes_the_visitors_token(partner: str, settings: Any) -> None:
    """A token that is over is renewed, as for a view."""
    short = changes.attribute("django-app", "access.token.lifespan", "2")
    login = changes.client("django-app", directAccessGrantsEnabled=True)
    with world(EMBEDDED, partner, (short, login)) as made:
        settings.KC_EXCHANGE = made.settings()
        settings.ROOT_URLCONF = "tests.admin.office"
        refresh_token = Login(client="django-app", part="refresh_token").obtain(made)
        token = Expired(Login(client="django-app")).obtain(made)
        client = visitor("run_doctor", token=token, refresh_token=refresh_token)

        said = text_of(client.post(PAGE, {"downstream": "orders-api"}))

    assert "It expired" not in said
    assert "Keycloak issues the user a token for it alone." in said


def test_page__of_a_visitor_without_a_token(sound: World) -> None:
    """It says so, and the service account goes the way."""
    said = text_of(visitor("run_doctor").post(PAGE, {"downstream": ""}))

    assert (
        "No token of yours was used: This request carries no token of a user." in said
    )
    assert "the requester's own service account" in said.replace("&#x27;", "'")


def test_page__says_each_state_in_words(partner: str, settings: Any) -> None:
    """What is wrong has its fix, its setting, its place in the console and its code."""
    off = changes.attribute("django-app", "standard.token.exchange.enabled", "false")
    with world(EMBEDDED, partner, (off,)) as broken:
        settings.KC_EXCHANGE = broken.settings()
        settings.ROOT_URLCONF = "tests.admin.office"
        response = visitor("run_doctor").post(PAGE, {"downstream": "orders-api"})

    said = text_of(response)
    assert "wrong requester: Standard token exchange is off" in said
    assert "as it should be discovery:" in said
    assert "not examined token:" in said
    for name in ("Fix", "In Keycloak&#x27;s console", "Code"):
        assert f" {name} " in said or f" {name.replace('&#x27;', chr(39))} " in said
    assert "Clients > django-app > Capability config".replace(">", "&gt;") in said
    assert "switch_off" in said
    page = response.content.decode()
    order = [" wrong</h3>", "not examined</h3>", "<summary>", "as it should be</h3>"]
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    assert page.index("kc-finding--ok") > places[-1]
    assert " style=" not in page
    assert "<script>" not in page


def test_page__of_no_such_downstream(sound: World) -> None:
    """A choice that is none is refused before anything is asked."""
    response = visitor("run_doctor").post(PAGE, {"downstream": "elsewhere"})

    assert response.status_code == 400
    assert "What was found" not in response.content.decode()


def test_page__of_unusable_settings(settings: Any) -> None:
    """The page that is for it tells what is wrong with them."""
    settings.ROOT_URLCONF = "tests.admin.office"
    settings.MIDDLEWARE = [m for m in settings.MIDDLEWARE if "kc_exchange" not in m]
    settings.KC_EXCHANGE = {"REALMS": {"default": {"ISSUER": "nowhere"}}}
    client = visitor("run_doctor")

    assert client.get(PAGE).status_code == 200
    said = text_of(client.post(PAGE, {"downstream": ""}))

    assert "is not a URL. (kc_exchange.E003)" in said


def test_page__shows_what_a_token_says_harmlessly(sound: World) -> None:
    """Names in a token are text on the page, whatever they hold."""
    assert sound.embedded is not None
    nasty = "<script>alert(1)</script>"
    token = sound.embedded.sign("clinic", {"iss": nasty, "sub": "x", "typ": "Bearer"})
    client = visitor("run_doctor", token=token)

    page = client.post(PAGE, {"downstream": "orders-api"}).content.decode()

    assert nasty not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_page__takes_no_other_method(sound: World, method: str) -> None:
    response = getattr(visitor("run_doctor"), method)(PAGE)

    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD, POST"


def test_page__asks_for_a_csrf_token(sound: World) -> None:
    """Another site cannot let Keycloak be asked."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff("dora", "run_doctor"))

    assert client.post(PAGE, {"downstream": ""}).status_code == 403


def test_page__of_an_operator_with_a_grant(sound: World, settings: Any) -> None:
    """In the admin they are themself: their permission counts, and their own token."""
    office = new_office(settings)
    allow(office.operator, "run_doctor")
    office.start()
    assert office.whoami() == "alice"
    keep_in_session(office.client, Login(user="olga").obtain(sound))

    said = text_of(office.client.post(PAGE, {"downstream": "orders-api"}))

    assert "Welcome, olga" in said
    assert "Keycloak issues the user a token for it alone." in said
