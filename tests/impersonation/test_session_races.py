"""Two requests of one grant, each between the other's look and its save."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.utils import timezone

from kc_exchange.impersonation import end, sweep
from kc_exchange.impersonation import session as two_sessions
from tests.impersonation.desk import Cause, desk_of, prepare, thief_of
from tests.impersonation.racing import SessionStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.impersonation.desk import Desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(settings: Any) -> Iterator[Desk]:
    """Give a desk whose sessions can be overtaken."""
    settings.SESSION_ENGINE = "tests.impersonation.racing"
    prepare(settings)
    yield desk_of(settings)
    SessionStore.meanwhile = None


def test_two_tabs__both_store_for_the_first_time(desk: Desk):
    """Neither of them fails; as with any session, the last one is kept."""
    desk.start()
    other = thief_of(desk.client)
    answers = []
    SessionStore.meanwhile = lambda: answers.append(other.get("/note/?tab=first"))
    answers.append(desk.client.get("/note/?tab=second"))
    assert [a.status_code for a in answers] == [200, 200]
    assert desk.seen() == {"tab": "second"}


def test_two_tabs__one_ends_while_the_other_stores(desk: Desk):
    """The page that was under way is answered; what it stored is not kept."""
    grant = desk.start()
    desk.client.get("/note/?tab=first")
    ended: list[bool] = []
    SessionStore.meanwhile = lambda: ended.append(end(grant, Cause.FORCED))
    assert desk.client.get("/note/?tab=second").status_code == 200
    assert ended == [True]
    key = two_sessions._key(grant.pk)
    assert not SessionStore(key).exists(key)
    assert desk.who() == ""
    assert desk.who() == "sam"


def test_sliding_session__grant_goes_on_with_it(desk: Desk):
    """Where each request prolongs the session, the session ends no grant in use."""
    desk.settings.SESSION_SAVE_EVERY_REQUEST = True
    desk.settings.SESSION_COOKIE_AGE = 600
    desk.client.force_login(desk.operator)
    desk.start(minutes=60)
    now = timezone.now()
    for minutes in (9, 18, 27):
        with time_machine.travel(now + timedelta(minutes=minutes)):
            assert desk.who() == "alice"
    with time_machine.travel(now + timedelta(minutes=38)):
        assert desk.who() == ""


def test_session_of_a_fixed_length__ends_the_grant(desk: Desk):
    """Where it does not, the grant is over with the session, and a sweep says so."""
    desk.settings.SESSION_COOKIE_AGE = 600
    desk.client.force_login(desk.operator)
    grant = desk.start(minutes=60)
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert desk.who() == ""
        assert sweep() == [grant]
    assert desk.cause() == Cause.SESSION_EXPIRED
