"""An expired session token is renewed once, whoever asks."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import capture
from kc_exchange.capture import newest, renewal
from kc_exchange.capture.seal import seal
from kc_exchange.capture.session import ITEM
from kc_exchange.exceptions import SubjectTokenExpired
from tests.capture.browser import logged_in, store, tokens, with_session
from tests.capture.counting import Keycloak, captured

if TYPE_CHECKING:
    from pathlib import Path

    from kc_exchange.conf import Realm
    from kc_exchange.tokens import TokenSet

pytestmark = pytest.mark.django_db
THREADS = 20


def test_renewed_tokens__are_stored_at_once(engine: str) -> None:
    key, keycloak = logged_in(tokens()), Keycloak()
    request, rejected = captured(key)

    found = capture.renew(request, rejected, keycloak)
    newest._entries.clear()

    assert keycloak.asked == [tokens().refresh_token]
    assert found.value == tokens("renewed1").access_token
    assert found.expires_at > time.time()
    assert capture.from_session(request) == found
    assert capture.from_session(with_session(key)) == found
    stored = capture.kept(with_session(key))
    assert stored is not None
    assert stored.refresh_token == tokens("renewed1").refresh_token
    assert stored.id_token == tokens().id_token


def test_rotated_refresh_token__is_the_next_one_used() -> None:
    key, keycloak = logged_in(tokens()), Keycloak(lifetime=-1)
    request, rejected = captured(key)

    again = capture.renew(request, rejected, keycloak)
    capture.renew(request, again, keycloak)

    assert keycloak.asked == [
        tokens().refresh_token,
        tokens("renewed1").refresh_token,
    ]


def test_refresh_token__stays_where_none_came_back() -> None:
    key = logged_in(tokens())
    request, rejected = captured(key)
    capture.renew(request, rejected, lambda *_: tokens("next", refresh_token=""))
    stored = capture.kept(with_session(key))
    assert stored is not None
    assert stored.refresh_token == tokens().refresh_token


@pytest.mark.parametrize("backend", ["cache", "file"])
def test_many_requests_of_one_session__refresh_once(
    backend: str, settings: Any, tmp_path: Path
) -> None:
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{backend}"
    settings.SESSION_FILE_PATH = str(tmp_path)
    key, keycloak = logged_in(tokens()), Keycloak(seconds=0.1)
    at_once = threading.Barrier(THREADS)

    def call(_: int) -> str:
        request, rejected = captured(key)
        at_once.wait()
        value = capture.renew(request, rejected, keycloak).value
        assert capture.from_session(request) is not None
        return value

    with ThreadPoolExecutor(THREADS) as pool:
        found = set(pool.map(call, range(THREADS)))

    assert found == {tokens("renewed1").access_token}
    assert len(keycloak.asked) == 1
    assert not renewal._flights


def test_late_request__takes_what_another_renewed() -> None:
    key, keycloak = logged_in(tokens()), Keycloak()
    late, rejected = captured(key)
    first = capture.renew(*captured(key), keycloak)
    newest._entries.clear()

    assert capture.renew(late, rejected, keycloak) == first
    assert len(keycloak.asked) == 1


def test_renewal_by_another_process__is_waited_for() -> None:
    """Keycloak refuses the second use of a refresh token that it rotates."""
    key = logged_in(tokens())
    request, rejected = captured(key)
    theirs = tokens("theirs", expires_at=time.time() + 300)

    def refused(realm: Realm, refresh_token: str) -> TokenSet:
        other = store(key)
        other[ITEM] = seal(theirs, newest.next_generation() + 1, key).sealed
        other.save()
        raise SubjectTokenExpired

    found = capture.renew(request, rejected, refused)

    assert found.value == theirs.access_token
