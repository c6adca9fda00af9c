"""Bugs of other projects, below the table of rows: none of them is here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path

from kc_exchange import impersonation
from kc_exchange.impersonation import permissions
from tests.impersonation import desk as pages
from tests.impersonation.desk import REASON, Cause, Grant, Type, allow, person

if TYPE_CHECKING:
    from tests.impersonation.desk import Desk
    from tests.impersonation.realm_desk import RealmDesk

pytestmark = pytest.mark.django_db


def start_unmarked(request: Any) -> HttpResponse:
    """Start in a view that forgot to say that it is the operator's."""
    target = get_user_model().objects.get(username="bert")
    impersonation.start(request, target, reason=REASON)
    return HttpResponse("started")


urlpatterns = [
    *pages.urlpatterns,
    path("unmarked/", start_unmarked),
    path("impersonation/", include("kc_exchange.urls")),
]


def test_daikoku_1102__target_logs_in_themself(desk: Desk):
    """The grant is the operator's session's: the target's own knows nothing of it."""
    desk.start(mode="read-write")
    hers = Client()
    hers.force_login(desk.target)
    page = hers.get("/who/").json()
    assert (page["user"], page["operator"], page["grant"]) == ("alice", None, None)
    assert desk.stop(hers).status_code == 200
    assert desk.who(hers) == "alice"
    assert desk.who() == "alice"
    assert desk.cause() == ""


def test_decidim_2047__two_operators(desk: Desk):
    """One operator's grant stands in nobody else's way, also with the same target."""
    tina = allow(person("tina", is_staff=True), "impersonate")
    other = Client()
    other.force_login(tina)
    desk.start()
    desk.start(client=other)
    assert [desk.who(), desk.who(other)] == ["alice", "alice"]
    desk.stop()
    assert [desk.who(), desk.who(other)] == ["sam", "alice"]


def test_trigger_4576__gate_asks_the_operator(desk: Desk):
    """A start under a grant is refused, and the record names who really tried."""
    desk.settings.ROOT_URLCONF = __name__
    allow(desk.operator, "add_user")
    allow(desk.target, "impersonate", "impersonate_read_write")
    person("bert")
    desk.start(mode="read-write")
    assert desk.client.post("/unmarked/").status_code == 403
    (denied,) = desk.events(Type.START_DENIED)
    assert denied.code == "nested"
    assert (denied.operator_name, denied.target_name) == ("sam", "bert")
    assert Grant.objects.count() == 1


def test_authentik_11152__permissions_are_those_of_the_model():
    """The names that are asked for are names of permissions that exist."""
    found = {
        f"kc_exchange.{p.codename}"
        for p in Permission.objects.filter(content_type__app_label="kc_exchange")
    }
    asked = {
        getattr(permissions, name)
        for name in ("IMPERSONATE", "READ_WRITE", "VIEW_GRANTS", "VIEW_EVENTS", "END")
    }
    assert asked <= found


def test_lab404_11__logout_leaves_the_target_logged_in(desk: Desk):
    """The operator's logout, from a page of the target's, is none of the target's."""
    hers = Client()
    hers.force_login(desk.target)
    desk.start(mode="read-write")
    desk.client.post("/leave/")
    assert desk.cause() == Cause.LOGOUT
    assert desk.who(hers) == "alice"


def test_gitlab_cve_2016_4340__end_trusts_no_parameter(desk: Desk):
    """Whoever names somebody else's grant in an address or a form ends nothing."""
    desk.settings.ROOT_URLCONF = __name__
    grant = desk.start()
    hers = Client()
    hers.force_login(desk.target)
    for page in ("/stop/", "/impersonation/end/"):
        named = {"grant": str(grant.pk), "id": str(grant.pk), "operator": "sam"}
        assert hers.post(f"{page}?grant={grant.pk}", named).status_code in {200, 302}
    assert desk.who(hers) == "alice"
    assert (desk.who(), desk.cause()) == ("alice", "")


def test_lfx_453__ended_between_two_requests(desk: Desk):
    """A write after the end is refused, not run with what is left: the operator."""
    grant = desk.start(mode="read-write")
    impersonation.end(grant, Cause.FORCED, by=desk.operator)
    assert desk.client.post("/change/").status_code == 403
    desk.operator.refresh_from_db()
    assert desk.operator.first_name == ""


@pytest.mark.parametrize("how", ["expired", "permission", "deactivated", "target"])
def test_lfx_453__no_call_with_the_token_that_is_left(realm_desk: RealmDesk, how: str):
    """Nor is a service called any more: as nobody, and not as the operator either."""
    desk = realm_desk
    grant = desk.start(mode="read-write")
    if how == "expired":
        Grant.objects.filter(pk=grant.pk).update(expires_at=grant.started_at)
    elif how == "permission":
        desk.operator.user_permissions.clear()
    else:
        user = desk.operator if how == "deactivated" else desk.target
        get_user_model().objects.filter(pk=user.pk).update(is_active=False)
    assert desk.call() == 403
    assert desk.service.requests == []
    assert desk.sessions() == ()


def test_paymenter_1153__grant_of_another_operator_in_the_session(desk: Desk):
    """A session that names somebody else's grant opens nothing, and ends that one."""
    grant = desk.start()
    mallory = Client()
    mallory.force_login(person("mallory"))
    session = mallory.session
    session["_kc_exchange_grant"] = {"grant": str(grant.pk), "back": ""}
    session.save()
    assert mallory.get("/who/").status_code == 403
    assert desk.who(mallory) == "mallory"
    assert desk.cause() == Cause.SESSION_CHANGED


def test_relaticle__second_factor_of_the_operator(desk: Desk):
    """Flags of the session, such as a fresh second factor, are not carried across."""
    desk.client.get("/note/?otp_device_id=device.of.sam&sudo=1")
    desk.start()
    assert desk.seen() == {}
    desk.client.get("/note/?sudo=as+alice")
    desk.stop()
    assert desk.seen() == {"otp_device_id": "device.of.sam", "sudo": "1"}
