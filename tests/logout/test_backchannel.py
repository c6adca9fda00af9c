"""Keycloak says that a login is over: what it takes, and what it ends."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import uuid4

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.core.cache import cache as django_cache
from django.core.cache.backends.locmem import LocMemCache
from django.core.management import call_command
from django.db import connection
from django.test import Client, override_settings
from django.urls import include, path
from django.utils import timezone

from kc_exchange import conf, exchange
from kc_exchange.impersonation.session import digest
from kc_exchange.jwt_validation.logout_token import EVENT
from kc_exchange.logout import records
from kc_exchange.models import ImpersonationGrant, KeycloakLogin
from kc_exchange.testing.tokens import LIGHTWEIGHT
from kc_exchange.tokens import unverified_claims
from tests.impersonation.realm_desk import REALM, log_in
from tests.impersonation.test_record_fails import record_refuses
from tests.login.browser import views, whoami
from tests.logout.conftest import kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest, HttpResponse

    from kc_exchange.tokens import TokenSet
    from tests.logout.conftest import Shop

URL = "/kc/backchannel-logout/"
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def cycle(request: HttpRequest) -> HttpResponse:
    """Give the session another key, as a new password does."""
    request.session.cycle_key()
    return whoami(request)


urlpatterns = [*views, path("cycle/", cycle), path("kc/", include("kc_exchange.urls"))]


@pytest.fixture(autouse=True)
def _no_token_used() -> Iterator[None]:
    yield
    django_cache.clear()


def logout_token(shop: Shop, tokens: TokenSet | None = None, **changes: Any) -> str:
    """Sign a logout token for the login of `tokens`."""
    now = int(time.time())
    said = unverified_claims(tokens.access_token) if tokens else {}
    claims = {
        "iss": shop.keycloak.issuer(REALM),
        "aud": "django-app",
        "iat": now,
        "exp": now + 120,
        "jti": str(uuid4()),
        "typ": "Logout",
        "sub": said.get("sub", ...),
        "sid": said.get("sid", ...),
        "events": {EVENT: {}},
        **changes,
    }
    good = {k: v for k, v in claims.items() if v is not ...}
    return str(shop.keycloak.sign(REALM, good, {"typ": "logout+jwt"}))


def post(token: str, **extra: Any) -> Any:
    """Post as Keycloak does: no cookie, no CSRF token, a form."""
    return Client(enforce_csrf_checks=True).post(
        URL,
        f"logout_token={token}",
        content_type="application/x-www-form-urlencoded",
        **extra,
    )


def user(client: Client) -> str:
    return str(client.get("/whoami/").json()["user"])


def test_logout__ends_session_and_tokens(shop: Shop) -> None:
    """The login's session is gone and its tokens are; another one goes on."""
    alice = shop.person("alice")
    ended, other = shop.login(alice), shop.login(alice)
    tokens, others = kept(ended), kept(other)
    assert (shop.is_kept(tokens), user(ended)) == (False, "alice")

    response = post(logout_token(shop, tokens))

    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert (user(ended), user(other)) == ("", "alice")
    assert not shop.is_kept(tokens)
    assert kept(other).access_token == others.access_token
    assert KeycloakLogin.objects.exclude(sealed_key="").count() == 1


def test_logout__of_a_person(shop: Shop) -> None:
    """Without `sid` every login of that person is over, and nobody else's."""
    alice, olga = shop.person("alice"), shop.person("olga")
    mine, hers = [shop.login(alice), shop.login(alice)], shop.login(olga)
    tokens = [kept(browser) for browser in mine]

    assert post(logout_token(shop, tokens[0], sid=...)).status_code == 200

    assert [user(browser) for browser in [*mine, hers]] == ["", "", "olga"]
    assert [shop.is_kept(one) for one in tokens] == [False, False]


@pytest.mark.parametrize("named", ["sid", "sub"])
def test_logout__ends_what_a_lightweight_token_obtained_as_a_bearer(
    shop: Shop, monkeypatch: Any, named: str
) -> None:
    """It names no person; the ID token beside it in the session here does."""
    client = shop.keycloak.realm(REALM).clients["django-app"]
    with monkeypatch.context() as patched:
        patched.setitem(client.attributes, LIGHTWEIGHT, "true")
        tokens = kept(shop.login(shop.person("alice")))
    assert "sub" not in unverified_claims(tokens.access_token)
    assert (shop.is_kept(tokens), shop.is_kept(tokens)) == (False, True)

    said = {"sub": ..., "sid": ..., named: unverified_claims(tokens.id_token)[named]}
    assert post(logout_token(shop, **said)).status_code == 200

    assert not shop.is_kept(tokens)


def test_logout__again_and_of_nobody_known(shop: Shop) -> None:
    """It is over all the same (section 2.7)."""
    tokens = kept(shop.login(shop.person("alice")))
    for _ in range(2):
        assert post(logout_token(shop, tokens)).status_code == 200
    assert post(logout_token(shop, sid="unknown")).status_code == 200
    assert post(logout_token(shop, sub="unknown")).status_code == 200


def test_logout__same_token_twice(shop: Shop) -> None:
    """Replayed, one of a person would end the logins that came after."""
    alice = shop.person("alice")
    token = logout_token(shop, kept(shop.login(alice)), sid=...)
    assert post(token).status_code == 200
    later = shop.login(alice)

    assert post(token).status_code == 400
    assert user(later) == "alice"


class Away(LocMemCache):
    """A cache whose server does not answer."""

    def _fail(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise ConnectionError

    add = get = delete = _fail


class Hiding(LocMemCache):
    """One that hides it."""

    def add(self, *_args: Any, **_kwargs: Any) -> bool:
        """Say that nothing was added, and add nothing."""
        return False


@pytest.mark.parametrize("kind", [Away, Hiding])
@pytest.mark.parametrize("changes", [{}, {"sid": ...}])
def test_logout__while_the_default_cache_is_away(
    shop: Shop, settings: Any, kind: type, changes: dict[str, Any]
) -> None:
    """Keycloak says it once, so the login is over all the same."""
    browser = shop.login(shop.person("alice"))
    tokens = kept(browser)
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.{kind.__name__}"}}

    assert post(logout_token(shop, tokens, **changes)).status_code == 200
    assert user(browser) == ""


@pytest.mark.django_db(transaction=True)
def test_logout__one_of_several_fails(shop: Shop) -> None:
    """The others are over all the same, and the failure is told."""
    alice = shop.person("alice")
    browsers = [shop.login(alice) for _ in range(3)]
    refused = browsers[0].session.session_key
    grant = ImpersonationGrant.objects.create(
        operator_id=str(alice.pk),
        target_id="2",
        reason="x",
        started_at=timezone.now(),
        expires_at=timezone.now() + timedelta(hours=1),
        session_digest=digest(refused),
    )
    token = logout_token(shop, kept(browsers[0]), sid=...)
    with record_refuses():
        response = post(token)

    assert (response.status_code, response.json()["error"]) == (400, "server_error")
    assert [user(browser) for browser in browsers] == ["", "", ""]
    assert post(token).status_code == 200
    grant.refresh_from_db()
    assert grant.end_cause == ImpersonationGrant.Cause.LOGOUT


def test_logout__finds_the_session_under_its_new_key(shop: Shop) -> None:
    """A key is renewed by a new password, and at the start and end of a grant."""
    browser = shop.login(shop.person("alice"))
    tokens, before = kept(browser), browser.session.session_key
    browser.get("/cycle/")
    assert browser.session.session_key != before
    assert KeycloakLogin.objects.count() == 1

    post(logout_token(shop, tokens))

    assert user(browser) == ""
    assert not Session.objects.exists()


@pytest.mark.parametrize("later", [0, 60])
def test_logout__while_the_key_is_renewed(shop: Shop, later: int) -> None:
    """The request that renews it comes too late: its session is deleted as well.

    Even if it renewed the tokens, too: Keycloak ends the session after it said so.
    """
    browser = shop.login(shop.person("alice"))
    tokens, old = kept(browser), browser.session.session_key
    said = unverified_claims(tokens.access_token)
    post(logout_token(shop, tokens))
    session = type(browser.session)()
    session.create()

    records.note(
        issuer=said["iss"],
        subject=said["sub"],
        session_id=said["sid"],
        issued_at=said["iat"] + later,
        session_key=str(session.session_key),
        former_key=str(old),
        user_id="1",
    )

    assert not session.exists(str(session.session_key))


def test_login__of_a_session_that_is_over(shop: Shop) -> None:
    """Keycloak's word may be faster than the browser that comes back from it."""
    alice = shop.person("alice")
    first = shop.login(alice)
    tokens = kept(first)
    first.logout()
    post(logout_token(shop, tokens))
    said = unverified_claims(tokens.access_token)
    late = Client()
    late.force_login(alice)

    records.note(
        issuer=said["iss"],
        subject=said["sub"],
        session_id=said["sid"],
        issued_at=said["iat"],
        session_key=str(late.session.session_key),
        former_key="",
        user_id="1",
    )

    assert user(late) == ""


@pytest.mark.parametrize("use_tz", [True, False])
@pytest.mark.parametrize("changes", [{}, {"sid": ...}])
def test_login__again_in_the_same_session_at_keycloak(
    shop: Shop, settings: Any, changes: dict[str, Any], use_tz: bool
) -> None:
    """It outlives consent that is revoked, and where a logout names a person alone."""
    settings.USE_TZ = use_tz
    alice = shop.person("alice")
    first = shop.login(alice)
    tokens = kept(first)
    post(logout_token(shop, tokens, iat=int(time.time()) - 5, **changes))
    assert user(first) == ""
    fresh = exchange.refresh(conf.current().realm("default"), tokens.refresh_token)
    sids = [unverified_claims(one.access_token)["sid"] for one in (tokens, fresh)]
    assert sids[0] == sids[1]

    again = Client()
    log_in(again, alice, fresh)
    assert user(again) == "alice"
    again.get("/cycle/")
    assert user(again) == "alice"
    post(logout_token(shop, fresh, iat=int(time.time()) + 5))
    assert user(again) == ""
    with pytest.raises(UpdateError):  # late: its session is gone
        log_in(Client(), alice, fresh)


@pytest.mark.parametrize("method", ["get", "put", "head", "delete"])
def test_view__takes_post_alone(method: str) -> None:
    """Nothing else ends anything."""
    assert getattr(Client(), method)(URL).status_code == 405


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("", "application/x-www-form-urlencoded"),
        ("logout_token=", "application/x-www-form-urlencoded"),
        ("logout_token=a.b.c", "application/x-www-form-urlencoded"),
        ("token={token}", "application/x-www-form-urlencoded"),
        ("logout_token={token}&logout_token=x", "application/x-www-form-urlencoded"),
        ("logout_token={token}", "text/plain"),
        ('{{"logout_token": "{token}"}}', "application/json"),
        ("logout_token={token}&x=" + "y" * 20_000, "application/x-www-form-urlencoded"),
    ],
)
def test_view__refuses_a_malformed_request(
    shop: Shop, caplog: Any, body: str, kind: str
) -> None:
    """With an error in JSON that tells the sender nothing (section 2.8)."""
    browser = shop.login(shop.person("alice"))
    token = logout_token(shop, kept(browser))

    response = Client().post(URL, body.format(token=token), content_type=kind)

    assert response.status_code == 400
    assert response["Cache-Control"] == "no-store"
    assert response.json() == {
        "error": "invalid_request",
        "error_description": "The logout token is not valid.",
    }
    assert "kc_exchange.logout_token_refused reason=" in caplog.text
    assert token not in caplog.text
    assert user(browser) == "alice"


def test_view__refuses_the_users_own_tokens(shop: Shop) -> None:
    """Neither an access token nor an ID token ends a login."""
    browser = shop.login(shop.person("alice"))
    tokens = kept(browser)
    for token in (tokens.access_token, tokens.id_token, tokens.refresh_token):
        assert post(token).status_code == 400
    assert user(browser) == "alice"


def test_view__keycloak_is_away(shop: Shop, configure: Any) -> None:
    """Nobody can tell whether it is valid, so nothing ends; it may be sent again."""
    browser = shop.login(shop.person("alice"))
    token = logout_token(shop, kept(browser))
    configure(shop.keycloak, None, REALM={"DISCOVERY_URL": "http://127.0.0.1:9/x"})

    response = post(token)

    assert (response.status_code, response.json()["error"]) == (400, "server_error")
    configure(shop.keycloak, None)
    assert post(token).status_code == 200
    assert user(browser) == ""


@contextmanager
def no_table() -> Iterator[None]:
    """Take the notes of logins away."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE kc_exchange_keycloaklogin RENAME TO gone")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE gone RENAME TO kc_exchange_keycloaklogin")


@contextmanager
def no_session_store() -> Iterator[None]:
    """Take the sessions away."""
    with override_settings(SESSION_ENGINE="tests.logout.broken_sessions"):
        yield


@pytest.mark.parametrize(
    ("away", "kind"),
    [(no_table, "OperationalError"), (no_session_store, "ConnectionError")],
)
def test_view__database_or_session_store_is_away(
    shop: Shop, caplog: Any, away: Any, kind: str
) -> None:
    """The logout failed (section 2.8), which is logged; it may be sent again."""
    browser = shop.login(shop.person("alice"))
    token = logout_token(shop, kept(browser))
    with away():
        response = post(token)

    assert (response.status_code, response.json()["error"]) == (400, "server_error")
    assert response["Cache-Control"] == "no-store"
    assert f"kc_exchange.backchannel_logout_failed {kind}. Fix:" in caplog.text
    assert "password" not in caplog.text
    assert post(token).status_code == 200
    assert user(browser) == ""


def test_note__shows_no_key_and_no_person(shop: Shop) -> None:
    """The table is of no use to who reads it."""
    browser = shop.login(shop.person("alice"))
    said = unverified_claims(kept(browser).access_token)
    row = str(KeycloakLogin.objects.values().get())
    for secret in (browser.session.session_key, said["sid"], said["sub"]):
        assert str(secret) not in row


def test_note__survives_a_new_secret_key(shop: Shop, settings: Any) -> None:
    """With the old one in SECRET_KEY_FALLBACKS."""
    browser = shop.login(shop.person("alice"))
    token = logout_token(shop, kept(browser))
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-0123456789abcdefghijklmnopqrstuvwxyz"

    assert post(token).status_code == 200
    assert not Session.objects.exists()


def test_note__fails(shop: Shop, caplog: Any) -> None:
    """The login goes on, and the log says what is missing."""
    alice = shop.person("alice")
    with no_table():
        assert user(shop.login(alice)) == "alice"
    assert "kc_exchange.login_unnoted" in caplog.text
    assert "manage.py migrate" in caplog.text


def test_second_login__in_the_same_session(shop: Shop) -> None:
    """The note is of the newer login."""
    alice = shop.person("alice")
    browser = shop.login(alice)
    first = kept(browser)
    shop.login(alice, browser)
    second = kept(browser)

    post(logout_token(shop, first))
    assert user(browser) == "alice"
    post(logout_token(shop, second))
    assert user(browser) == ""


def test_sweep__drops_what_is_over(shop: Shop, settings: Any) -> None:
    """Notes whose sessions are gone, once they are old; those that live stay."""
    alice = shop.person("alice")
    gone, living, recent = (shop.login(alice) for _ in range(3))
    post(logout_token(shop, kept(recent)))
    gone.session.delete()
    old = timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE + 1)
    KeycloakLogin.objects.filter(ended_at=None).update(created_at=old)

    call_command("kc_exchange", "sweep")

    assert KeycloakLogin.objects.filter(ended_at=None).count() == 1
    assert KeycloakLogin.objects.exclude(ended_at=None).count() == 2
    post(logout_token(shop, kept(living)))
    assert user(living) == ""
    late = timezone.now() - timedelta(hours=2)
    KeycloakLogin.objects.update(ended_at=late)
    call_command("kc_exchange", "sweep")
    assert not KeycloakLogin.objects.exists()
