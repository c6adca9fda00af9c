"""Several tabs and browsers, replays and odd moments: what no peer tests."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model, logout
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path

from kc_exchange.impersonation import end
from tests.impersonation import desk as pages
from tests.impersonation.desk import Cause, Grant, Type, desk_of, prepare, thief_of
from tests.impersonation.racing import SessionStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.impersonation.desk import Desk

pytestmark = pytest.mark.django_db


def delete_account(request: Any) -> HttpResponse:
    """Delete the account of whoever is logged in, and log out if asked."""
    get_user_model().objects.get(pk=request.user.pk).delete()
    if "logout" in request.GET:
        logout(request)
    return HttpResponse("deleted")


urlpatterns = [
    *pages.urlpatterns,
    path("delete/", delete_account),
    path("impersonation/", include("kc_exchange.urls")),
]


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Let the desk have these pages, too."""
    desk.settings.ROOT_URLCONF = __name__
    return desk


def test_two_tabs__one_grant(desk: Desk):
    """Both tabs are the target's, share a session, and end together."""
    desk.start()
    other = thief_of(desk.client)
    other.get("/note/?basket=of+alice")
    assert desk.seen() == {"basket": "of alice"}
    desk.stop()
    assert desk.who() == "sam"
    assert desk.who(other) == ""


def test_two_tabs__second_form(desk: Desk):
    """A form that was open in another tab starts nothing beside the first grant."""
    first = desk.start()
    refused = desk.attempt(pages.person("bert"))
    assert refused.status_code == 403
    assert b"You act as somebody already" in refused.content
    assert [g.pk for g in Grant.objects.all()] == [first.pk]


def test_two_browsers__one_grant_an_operator(desk: Desk):
    """A second browser of the same operator is refused, by whichever form."""
    desk.start()
    elsewhere = Client()
    elsewhere.force_login(desk.operator)
    assert desk.attempt(client=elsewhere).status_code == 403
    assert desk.events()[-1].code == "already_open"
    assert (desk.who(elsewhere), desk.who()) == ("sam", "alice")


def lapse(grant: Grant, **changes: Any) -> None:
    Grant.objects.filter(pk=grant.pk).update(**changes)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        (lambda g: {"expires_at": g.started_at}, Cause.EXPIRED),
        (lambda g: {"last_seen_at": g.started_at - timedelta(hours=1)}, Cause.IDLE),
        (
            lambda g: {
                "started_at": None,
                "requested_at": g.requested_at - timedelta(minutes=5),
            },
            Cause.NOT_STARTED,
        ),
    ],
    ids=["expired", "idle", "given up"],
)
def test_start__exactly_when_the_last_one_is_over(
    desk: Desk, changes: Callable[[Grant], dict[str, Any]], cause: str
):
    """A grant that nobody came back to stands in the way of no new one."""
    before = desk.start()
    lapse(before, **changes(before))
    elsewhere = Client()
    elsewhere.force_login(desk.operator)
    desk.start(client=elsewhere)
    before.refresh_from_db()
    assert before.end_cause == cause
    order = [e.type for e in desk.events()[2:]]
    assert order == [Type.GRANT_ENDED, Type.START_REQUESTED, Type.START_GRANTED]
    assert desk.who(elsewhere) == "alice"
    assert desk.who() == ""


def broken() -> None:
    raise ZeroDivisionError


def test_start__fails_in_its_last_step(settings: Any):
    """It leaves a record, and no grant that would keep the operator out."""
    settings.SESSION_ENGINE = "tests.impersonation.racing"
    prepare(settings)
    desk = desk_of(settings)
    desk.client.raise_request_exception = False
    SessionStore.meanwhile = broken
    assert desk.attempt().status_code == 500
    assert desk.cause() == Cause.NOT_STARTED
    assert desk.who() == "sam"
    desk.start()
    assert desk.who() == "alice"


def test_start__ended_by_somebody_before_it_began(settings: Any):
    """What was ended between its request and its beginning stays ended."""
    settings.SESSION_ENGINE = "tests.impersonation.racing"
    prepare(settings)
    desk = desk_of(settings)
    ended: list[bool] = []
    SessionStore.meanwhile = lambda: ended.append(end(Grant.objects.get(), "forced"))
    assert desk.attempt().status_code == 403
    assert ended == [True]
    assert not Grant.objects.get().is_open
    assert Type.START_GRANTED not in [e.type for e in desk.events()]
    assert desk.who() == "sam"


def test_stop__replayed(desk: Desk):
    """The same bytes again, with the cookies of then, do nothing to a later grant."""
    desk.start()
    replay = thief_of(desk.client)
    desk.stop()
    desk.start()
    assert desk.stop(replay).status_code == 200
    assert replay.post("/impersonation/end/").status_code == 302
    assert desk.who() == "alice"
    assert len(desk.events(Type.GRANT_ENDED)) == 1


def test_start__replayed(desk: Desk):
    """A start with the cookies of then finds a session that is over."""
    before = thief_of(desk.client)
    desk.start()
    desk.stop()
    assert desk.attempt(client=before).status_code == 403
    assert desk.events()[-1].code == "operator_inactive"


def test_back_button__after_the_end(desk: Desk):
    """No browser may show the target's page again without asking, and it asks."""
    desk.start()
    page = desk.client.get("/who/")
    assert "no-store" in page.headers["Cache-Control"]
    desk.stop()
    assert desk.client.get("/who/").json()["user"] == "sam"


@pytest.mark.parametrize("url", ["/delete/", "/delete/?logout"])
def test_target__deletes_itself(desk: Desk, url: str):
    """The request ends well, the grant ends, and the record is complete."""
    grant = desk.start(mode="read-write")
    assert desk.client.post(url).content == b"deleted"
    assert not get_user_model().objects.filter(username="alice").exists()
    assert get_user_model().objects.filter(username="sam").exists()
    desk.who()
    assert desk.cause() == (Cause.LOGOUT if "logout" in url else Cause.TARGET_DELETED)
    finished = desk.events(Type.REQUEST_FINISHED, grant=grant)[0]
    assert (finished.target_name, finished.outcome) == ("alice", "success")
