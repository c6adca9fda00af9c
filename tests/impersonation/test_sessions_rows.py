"""Hostile sessions: rows D17 to D26 of the hardening's list D, by their numbers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model, update_session_auth_hash
from django.contrib.auth.models import Group, Permission
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from django.utils import timezone

from kc_exchange.impersonation import as_operator, conditions
from kc_exchange.impersonation.errors import ImpersonationRefused
from tests.impersonation import desk as pages
from tests.impersonation.desk import Cause, Grant, Type, person, thief_of

if TYPE_CHECKING:
    from tests.impersonation.desk import Desk

pytestmark = pytest.mark.django_db
_MOMENT = timedelta(microseconds=1)


@as_operator
def new_password(request: Any) -> HttpResponse:
    """Change the operator's own password, and stay logged in."""
    user = get_user_model().objects.get(pk=request.user.pk)
    user.set_password("another")
    user.save()
    update_session_auth_hash(request, user)
    return HttpResponse("changed")


urlpatterns = [
    *pages.urlpatterns,
    path("new-password/", new_password),
    path("admin/", admin.site.urls),
    path("backstage/", admin.AdminSite(name="backstage").urls),
]


def test_d17__stop_without_a_grant(desk: Desk):
    """Nothing happens: no event, no new session key, and nobody is logged in."""
    key = desk.client.session.session_key
    assert desk.stop().status_code == 200
    assert desk.client.session.session_key == key
    assert Client().post("/stop/").status_code == 200
    assert desk.events() == []


def test_d18__stop_twice(desk: Desk):
    """The second one, from wherever, finds nothing; one end is recorded."""
    desk.start()
    before = thief_of(desk.client)
    assert [desk.stop().content, desk.stop().content] == [b"", b""]
    assert desk.stop(before).status_code == 200
    assert len(desk.events(Type.GRANT_ENDED)) == 1
    assert (desk.cause(), desk.who()) == (Cause.STOPPED, "sam")


def test_d19__operator_leaves_the_group_that_may(desk: Desk):
    group = Group.objects.create(name="support")
    group.permissions.add(Permission.objects.get(codename="impersonate"))
    tina = person("tina", is_staff=True)
    tina.groups.add(group)
    desk.client.force_login(tina)
    desk.start()
    assert desk.who() == "alice"
    tina.groups.remove(group)
    assert desk.who() == ""
    assert (desk.cause(), desk.who()) == (Cause.OPERATOR_REFUSED, "tina")


def only_unlocked(*, operator: Any, target: Any, mode: str) -> bool:
    """Decide as a project does whose accounts can be locked."""
    if target.last_name == "locked":
        raise ImpersonationRefused("This account is locked.", "Unlock it first.")
    return not operator.last_name


@pytest.mark.parametrize("who", ["operator", "target"])
@pytest.mark.parametrize("how", [{"is_active": False}, {"last_name": "locked"}])
def test_d20__deactivated_or_locked(desk: Desk, who: str, how: dict[str, Any]):
    """Whatever the project's rule says of either of them holds at each request."""
    desk.configure(MAY_IMPERSONATE=f"{__name__}.only_unlocked")
    desk.start()
    assert desk.who() == "alice"
    user = getattr(desk, who)
    get_user_model().objects.filter(pk=user.pk).update(**how)
    assert desk.who() == ""
    by_rule = "last_name" in how
    expected = Cause.OPERATOR_REFUSED if by_rule else f"{who}_inactive"
    assert desk.cause() == expected


def test_d21__operator_changes_the_own_password(desk: Desk):
    """Also where the session stays logged in."""
    desk.settings.ROOT_URLCONF = __name__
    desk.start()
    assert desk.client.post("/new-password/").status_code == 200
    assert desk.who() == ""
    assert desk.cause() in {Cause.PASSWORD_CHANGED, Cause.SESSION_CHANGED}
    assert desk.who() == "sam"


def test_d21__session_ended_at_the_server(desk: Desk):
    """As by a back-channel logout: the cookie opens nothing, a sweep ends the grant."""
    grant = desk.start()
    desk.client.session.flush()
    assert desk.who() == ""
    assert Grant.objects.get(pk=grant.pk).ended_at is None
    later = timezone.now() - timedelta(minutes=15)
    Grant.objects.filter(pk=grant.pk).update(last_seen_at=later)
    conditions_now = conditions.over(Grant.objects.get(pk=grant.pk), timezone.now())
    assert conditions_now == Cause.IDLE


@pytest.mark.parametrize(
    "forged",
    [
        {},
        {"grant": ""},
        {"grant": "1"},
        {"grant": None},
        {"grant": ["00000000-0000-7000-8000-000000000000"]},
        {"grant": "00000000-0000-7000-8000-000000000000"},
    ],
)
def test_d24__session_names_no_grant(desk: Desk, forged: dict[str, Any]):
    """That request is refused, and nobody is acted as; the next one is as usual."""
    session = desk.client.session
    session["_kc_exchange_grant"] = forged
    session.save()
    assert desk.client.post("/change/").status_code == 403
    assert desk.who() == "sam"


@pytest.mark.parametrize("forged", ["text", 7, ["a", "list"], None, True])
def test_d24__session_item_is_no_mapping(desk: Desk, forged: object):
    session = desk.client.session
    session["_kc_exchange_grant"] = forged
    session.save()
    assert desk.who() == "sam"


def test_d24__session_names_an_ended_grant(desk: Desk):
    grant = desk.start()
    desk.stop()
    session = desk.client.session
    session["_kc_exchange_grant"] = {"grant": str(grant.pk), "back": ""}
    session.save()
    assert desk.who() == ""
    assert desk.who() == "sam"
    assert desk.cause() == Cause.STOPPED


def test_d24__grant_moved_to_another_session_of_the_operator(desk: Desk):
    """The grant belongs to the one session that it began in."""
    desk.start()
    other = Client()
    other.force_login(desk.operator)
    session = other.session
    session["_kc_exchange_grant"] = desk.client.session["_kc_exchange_grant"]
    session.save()
    assert desk.who(other) == ""
    assert desk.cause() == Cause.SESSION_CHANGED


def test_d25__expiry_exactly_at_the_limit(desk: Desk):
    """At its last moment a grant is over; a microsecond before it is not."""
    grant = desk.start(minutes=10)
    assert grant.started_at
    assert grant.last_seen_at
    idle = grant.last_seen_at + timedelta(minutes=9)
    assert_limit(grant, grant.expires_at, Cause.EXPIRED)
    desk.configure(IDLE_MINUTES=9)
    assert_limit(grant, idle, Cause.IDLE)
    grant.session_expires_at = grant.started_at + timedelta(minutes=1)
    assert_limit(grant, grant.session_expires_at, Cause.SESSION_EXPIRED)


def assert_limit(grant: Grant, limit: datetime, cause: str) -> None:
    assert conditions.over(grant, limit - _MOMENT) is None
    assert conditions.over(grant, limit) == cause


def test_d25__clock_moved_back(desk: Desk):
    """A minute between two machines is nothing, more would make the grant longer."""
    grant = desk.start()
    seen = grant.last_seen_at
    assert seen
    assert conditions.over(grant, seen - timedelta(minutes=1)) is None
    assert conditions.over(grant, seen - timedelta(minutes=1) - _MOMENT) == Cause.CLOCK
    later = timezone.now() + timedelta(minutes=2)
    Grant.objects.filter(pk=grant.pk).update(last_seen_at=later)
    assert desk.who() == ""
    assert desk.cause() == Cause.CLOCK


@pytest.mark.parametrize("site", ["admin", "backstage"])
def test_d26__admin_while_acting(desk: Desk, site: str):
    """In each site of the admin the operator stays themself.

    The target, who is no staff, would be sent to the login.
    """
    desk.settings.ROOT_URLCONF = __name__
    desk.start()
    page = desk.client.get(f"/{site}/")
    assert page.status_code == 200
    assert page.wsgi_request.user.get_username() == "sam"
    assert desk.events(Type.REQUEST_STARTED) == []
    assert desk.who() == "alice"


def test_d26__target_who_may_impersonate(desk: Desk):
    """A page of the target's is no way to a start with the target's rights."""
    pages.allow(desk.operator, "add_user")
    pages.allow(desk.target, "impersonate")
    desk.start(mode="read-write")
    assert desk.attempt(person("bert")).status_code == 403
    assert desk.events()[-1].operator_name == "sam"
