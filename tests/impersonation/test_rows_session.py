"""What the peers get wrong about sessions: rows 3, 4, 5, 16, 24 and 25."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.http import JsonResponse
from django.test import AsyncClient, Client
from django.urls import path

from tests.impersonation import desk as pages
from tests.impersonation.desk import Cause, Grant, thief_of

if TYPE_CHECKING:
    from tests.impersonation.desk import Desk

pytestmark = pytest.mark.django_db


async def both(request: Any) -> JsonResponse:
    """Say who the user is, by each way to ask."""
    return JsonResponse(
        [request.user.get_username(), (await request.auser()).get_username()],
        safe=False,
    )


urlpatterns = [*pages.urlpatterns, path("both/", both)]


def test_row_03__session_key_renewed(desk: Desk):
    """At the start and at the end; a page with an old key is nobody's."""
    keys, visitors = [], []
    for act in (lambda: None, desk.start, desk.stop):
        act()
        visitors.append(thief_of(desk.client))
        keys.append(desk.client.session.session_key)
    assert len(set(keys)) == 3
    assert [desk.who(v) for v in visitors] == ["", "", "sam"]


def test_row_04__operator_session_data(desk: Desk):
    """The target's pages find none of it, and it is there again afterwards."""
    desk.client.get("/note/?secret=of+sam")
    desk.start()
    assert desk.seen() == {}
    desk.client.get("/note/?basket=of+alice")
    assert desk.seen() == {"basket": "of alice"}
    desk.stop()
    assert desk.seen() == {"secret": "of sam"}


@pytest.mark.parametrize("storage", ["cookie", "session", "fallback"])
def test_row_05__messages(desk: Desk, storage: str):
    """Nobody's messages are shown to the other, wherever they are stored."""
    name = f"{storage.title()}Storage"
    desk.settings.MESSAGE_STORAGE = f"django.contrib.messages.storage.{storage}.{name}"
    desk.client.get("/say/?text=for+sam")
    desk.start()
    assert desk.client.get("/hear/").json() == []
    desk.client.get("/say/?text=for+alice")
    assert desk.client.get("/hear/").json() == ["for alice"]
    desk.client.get("/say/?text=for+alice+again")
    desk.stop()
    assert desk.client.get("/hear/").json() == ["for sam"]


def test_row_16__auser(desk: Desk):
    """`request.auser()` is whom `request.user` is, and never the operator."""
    desk.settings.ROOT_URLCONF = __name__
    desk.start()
    assert desk.client.get("/both/").json() == ["alice", "alice"]
    browser: Any = AsyncClient()
    browser.cookies = desk.client.cookies
    response = async_to_sync(browser.get)("/both/")
    assert response.json() == ["alice", "alice"]


def test_row_21__failed_start(desk: Desk):
    """An error in the middle leaves nothing behind in the process."""
    desk.configure(MAY_IMPERSONATE=f"{__name__}.broken")
    assert desk.attempt().status_code == 403
    another = pages.person("bert")
    Client().login(username="bert", password="bert")
    another.refresh_from_db()
    assert another.last_login is not None
    assert not Grant.objects.exists()


def broken(**_kwargs: Any) -> bool:
    """Decide nothing."""
    raise ZeroDivisionError


def test_row_22__no_login_of_the_target(desk: Desk):
    """Neither the signal nor the time of the last login says that she was here."""
    heard: list[Any] = []
    from django.contrib.auth import signals  # noqa: PLC0415

    for signal in (signals.user_logged_in, signals.user_logged_out):
        signal.connect(heard.append, weak=False, dispatch_uid="row 22")
    try:
        desk.start()
        assert desk.who() == "alice"
        desk.stop()
    finally:
        for signal in (signals.user_logged_in, signals.user_logged_out):
            signal.disconnect(dispatch_uid="row 22")
    assert heard == []
    assert get_user_model().objects.get(username="alice").last_login is None


def test_row_25__cookie_copied_during_a_grant(desk: Desk):
    """After the end it opens nothing, however often it is sent."""
    grant = desk.start()
    thief = thief_of(desk.client)
    assert desk.who(thief) == "alice"
    desk.stop()
    assert [desk.who(thief) for _ in range(2)] == ["", ""]
    assert desk.cause() == Cause.STOPPED
    grant.refresh_from_db()
    assert grant.ended_at is not None


def test_row_25__sessions_in_the_cookie(desk: Desk):
    """They could be copied, so there is no start with them."""
    desk.settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    desk.client.force_login(desk.operator)
    refused = desk.attempt()
    assert refused.status_code == 500
    assert [e.code for e in desk.events()] == ["exchange_misconfigured"]
    assert not Grant.objects.exists()
