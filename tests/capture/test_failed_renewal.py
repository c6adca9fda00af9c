"""A renewal that fails says who must act, and takes nothing with it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import capture
from kc_exchange.capture import newest, renewal
from kc_exchange.capture.session import ITEM, sealed_anew
from kc_exchange.exceptions import (
    ExchangeError,
    ExchangeMisconfigured,
    ExchangeUnavailable,
    SubjectTokenExpired,
)
from kc_exchange.tokens import SubjectToken
from tests.capture.browser import logged_in, store, tokens, with_session
from tests.capture.counting import Keycloak, captured

if TYPE_CHECKING:
    from kc_exchange.conf import Realm
    from kc_exchange.tokens import TokenSet

pytestmark = pytest.mark.django_db


def test_session_deleted_meanwhile__stays_deleted(engine: str) -> None:
    key, keycloak = logged_in(tokens()), Keycloak()
    request, rejected = captured(key)
    keycloak.meanwhile = lambda: store(key).delete()

    with pytest.raises(SubjectTokenExpired, match="deleted"):
        capture.renew(request, rejected, keycloak)

    assert not store(key).exists(key)
    assert newest.of(key) is None


def test_session_deleted_before__asks_nobody(engine: str) -> None:
    key, keycloak = logged_in(tokens()), Keycloak()
    request, rejected = captured(key)
    store(key).delete()

    with pytest.raises(SubjectTokenExpired):
        capture.renew(request, rejected, keycloak)

    assert not keycloak.asked
    assert not store(key).exists(key)


def test_tokens_forgotten_meanwhile__are_not_renewed() -> None:
    key, keycloak = logged_in(tokens()), Keycloak()
    request, rejected = captured(key)
    other = with_session(key)
    capture.forget(other)
    other.session.save()

    with pytest.raises(SubjectTokenExpired):
        capture.renew(request, rejected, keycloak)
    assert not keycloak.asked


def test_without_refresh_token__login_is_needed() -> None:
    keycloak = Keycloak()
    request, rejected = captured(logged_in(tokens(refresh_token="")))
    with pytest.raises(SubjectTokenExpired):
        capture.renew(request, rejected, keycloak)
    assert not keycloak.asked


def test_realm_that_left_the_settings__is_named() -> None:
    key = logged_in(tokens())
    session = store(key)
    session[ITEM] = sealed_anew(key, tokens(realm="old")).sealed
    session.save()
    request, rejected = captured(key)

    with pytest.raises(ExchangeMisconfigured, match="'old'") as caught:
        capture.renew(request, rejected, Keycloak())
    assert caught.value.diagnosis == "realm_not_configured"


def test_bearer__is_not_renewed_from_the_session() -> None:
    """The session may be another user's than the token's."""
    keycloak = Keycloak()
    request, _ = captured(logged_in(tokens()))
    with pytest.raises(SubjectTokenExpired, match="bearer"):
        capture.renew(request, SubjectToken(value="bearer.of.somebody"), keycloak)
    assert not keycloak.asked


def test_session_over_at_keycloak__says_so() -> None:
    key = logged_in(tokens())
    request, rejected = captured(key)

    def over(realm: Realm, refresh_token: str) -> TokenSet:
        raise SubjectTokenExpired(error="invalid_grant", description="not active")

    with pytest.raises(SubjectTokenExpired, match="not active"):
        capture.renew(request, rejected, over)


def test_keycloak_away__loses_nothing() -> None:
    key = logged_in(tokens())
    request, rejected = captured(key)
    before = store(key)[ITEM]

    def away(realm: Realm, refresh_token: str) -> TokenSet:
        raise ExchangeUnavailable

    with pytest.raises(ExchangeUnavailable):
        capture.renew(request, rejected, away)

    assert store(key)[ITEM] == before
    assert capture.renew(request, rejected, Keycloak()).expires_at > time.time()


@pytest.mark.parametrize(
    ("raised", "shared"),
    [
        (ExchangeUnavailable, ExchangeUnavailable),
        (SubjectTokenExpired, SubjectTokenExpired),
        (KeyError, ExchangeUnavailable),
    ],
)
def test_failure__is_shared_by_those_who_waited(
    raised: type[Exception], shared: type[ExchangeError], settings: Any
) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    key, asked, at_once = logged_in(tokens()), [], threading.Barrier(5)

    def fail(realm: Realm, refresh_token: str) -> TokenSet:
        asked.append(refresh_token)
        time.sleep(0.2)
        raise raised

    def call(_: int) -> Exception:
        request, rejected = captured(key)
        at_once.wait()
        with pytest.raises((raised, shared)) as caught:
            capture.renew(request, rejected, fail)
        return caught.value

    with ThreadPoolExecutor(5) as pool:
        failures = list(pool.map(call, range(5)))

    assert len(asked) == 1
    assert len({id(failure) for failure in failures}) == 5
    assert sum(type(failure) is shared for failure in failures) >= 4
    assert not renewal._flights
