"""A login's tokens in the session: kept, found again, bound to it, forgotten."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import SESSION_KEY, get_user_model, login
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.urls import path

from kc_exchange import capture
from kc_exchange.capture import newest
from kc_exchange.capture.session import ITEM
from kc_exchange.exceptions import ExchangeMisconfigured
from tests.capture.browser import logged_in, store, tokens, with_session

if TYPE_CHECKING:
    from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def log_in(request: HttpRequest) -> HttpResponse:
    """Log in as Keycloak's callback would: tokens first, then the user."""
    user = get_user_model().objects.get(username=request.GET["user"])
    capture.keep(request, tokens(request.GET["user"]), user=user)
    if "fail" not in request.GET:
        login(request, user, "django.contrib.auth.backends.ModelBackend")
    return shown(request)


def shown(request: HttpRequest) -> HttpResponse:
    found = capture.capture(request)
    return HttpResponse(found.value if found else "")


urlpatterns = [
    path("login/", log_in),
    path("shown/", shown),
]


@pytest.fixture
def _alice_and_bob(db: None) -> None:
    for name in ("alice", "bob"):
        get_user_model().objects.create(username=name)


def test_kept_tokens__are_found_by_later_requests(engine: str) -> None:
    key = logged_in(tokens(expires_at=1_900_000_000.0))
    newest._entries.clear()

    found = capture.from_session(with_session(key))

    assert found is not None
    assert found.value == tokens().access_token
    assert found.expires_at == 1_900_000_000
    assert capture.kept(with_session(key)) == tokens(expires_at=1_900_000_000.0)


def test_expiry__is_read_from_the_token() -> None:
    jwt = "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjE5MDAwMDAwMDB9.c2ln"
    key = logged_in(tokens(access_token=jwt, expires_at=0.0))
    found = capture.from_session(with_session(key))
    assert found is not None
    assert found.expires_at == 1_900_000_000


def test_session_row__holds_no_piece_of_a_token(engine: str) -> None:
    key = logged_in(tokens())
    rows = [json.dumps(dict(store(key).items()))]
    if engine in {"db", "cached_db"}:
        row = Session.objects.get(pk=key)
        rows += [row.session_data, json.dumps(row.get_decoded())]
    kept = tokens()
    for token in (kept.access_token, kept.refresh_token, kept.id_token):
        pieces = {token[at : at + 20] for at in range(len(token) - 19)}
        assert not any(piece in row for piece in pieces for row in rows)


def test_copied_row__holds_nothing_usable(caplog: pytest.LogCaptureFixture) -> None:
    """Who can write sessions cannot put another user's tokens into their own."""
    theirs, mine = logged_in(tokens()), logged_in()
    newest._entries.clear()
    copy = store(mine)
    copy[ITEM] = store(theirs)[ITEM]
    copy.save()

    with caplog.at_level(logging.WARNING, "kc_exchange"):
        assert capture.from_session(with_session(mine)) is None

    assert [r.name for r in caplog.records] == ["kc_exchange"]
    assert store(theirs)[ITEM] not in caplog.text
    assert "SECRET_KEY_FALLBACKS" in caplog.text


def test_foreign_seal_of_the_cookie__is_not_opened_for_another_session() -> None:
    """Only a session that was cycled in this request reads what the cookie's had."""
    theirs, mine = logged_in(tokens()), logged_in()
    newest._entries.clear()
    request = with_session(mine)
    request.session[ITEM] = store(theirs)[ITEM]
    assert capture.kept(request) is None


def test_request_without_session__is_given_none() -> None:
    request = with_session()
    assert capture.from_session(request) is None
    capture.settle(request)
    assert not request.session.accessed
    assert capture.from_session(HttpRequest()) is None


def test_bearer__leaves_the_session_untouched(client: Client) -> None:
    key = logged_in(tokens())
    client.cookies["sessionid"] = key
    header = {"Authorization": "Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln"}

    response = client.get("/shown/", headers=header)

    assert response.content == b"eyJhbGciOiJSUzI1NiJ9.e30.c2ln"
    assert "Vary" not in response
    assert "Vary" not in client.get("/shown/", headers=header)


def test_anonymous_request__does_not_vary(client: Client) -> None:
    response = client.get("/shown/")
    assert "Vary" not in response
    assert not response.cookies


@pytest.mark.usefixtures("_alice_and_bob")
def test_keep_before_login__survives_the_new_key(engine: str, client: Client) -> None:
    assert client.get("/login/?user=alice").content.startswith(b"access.alice.")
    newest._entries.clear()
    assert client.get("/shown/").content.startswith(b"access.alice.")


@pytest.mark.usefixtures("_alice_and_bob")
def test_login_of_another_user__replaces_session_and_tokens(client: Client) -> None:
    client.get("/login/?user=alice")
    assert client.get("/login/?user=bob").content.startswith(b"access.bob.")
    newest._entries.clear()
    assert client.get("/shown/").content.startswith(b"access.bob.")


@pytest.mark.usefixtures("_alice_and_bob")
def test_refused_login__leaves_the_others_tokens_out(client: Client) -> None:
    """Bob's tokens wait for Bob's login; Alice's session never has them."""
    client.get("/login/?user=alice")
    assert client.get("/login/?user=bob&fail=1").content.startswith(b"access.alice.")
    assert client.get("/shown/").content.startswith(b"access.alice.")


@pytest.mark.usefixtures("_alice_and_bob")
def test_refused_first_login__keeps_nothing(client: Client) -> None:
    assert client.get("/login/?user=bob&fail=1").content == b""
    assert client.get("/shown/").content == b""


def test_pending_of_another_user__is_dropped() -> None:
    request = with_session()
    capture.keep(request, tokens(), user=User(pk=1))
    capture.seal_pending(object, request, user=User(pk=2))
    assert capture.kept(request) is None


def test_user_logged_in_without_request__is_ignored() -> None:
    capture.seal_pending(object, None, user=User())


def test_keep_after_login__seals_at_once() -> None:
    request = with_session()
    request.session[SESSION_KEY] = "7"
    capture.keep(request, tokens(), user=User(pk=7))
    assert capture.kept(request) is not None
    assert request.session.session_key is not None


def test_signed_cookies__are_refused(settings: Any) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    assert capture.uses_cookie_sessions()
    with pytest.raises(ExchangeMisconfigured) as caught:
        capture.keep(with_session(), tokens())
    assert "SESSION_ENGINE" in str(caught.value)
    assert "access." not in str(caught.value)


def test_server_side_engines__are_not_cookie_sessions(engine: str) -> None:
    assert not capture.uses_cookie_sessions()


def test_repr__shows_no_token() -> None:
    request = with_session(logged_in(tokens()))
    found = capture.from_session(request)
    capture.keep(request, tokens("second"))
    assert "access." not in repr((found, request, vars(request)))


def test_configured_functions__are_asked_in_order(settings: Any) -> None:
    key = logged_in(tokens())
    paths = ["kc_exchange.capture.from_session", "kc_exchange.capture.from_bearer"]
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "CAPTURE": paths}
    request = with_session(key, HTTP_AUTHORIZATION="Bearer eyJhbGciOi.e30.c2ln")
    found = capture.capture(request)
    assert found is not None
    assert found.value == tokens().access_token
