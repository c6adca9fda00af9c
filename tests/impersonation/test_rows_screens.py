"""What the peers get wrong about their pages: rows 1, 2, 12, 19, 20, 24, 26, 28."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.sessions.models import Session
from django.core.checks import run_checks
from django.test import Client
from django.utils import timezone

from tests.admin.office import Type, allow, person, staff

if TYPE_CHECKING:
    from tests.admin.office import Office
    from tests.impersonation.desk import Desk

pytestmark = pytest.mark.django_db
END = "/impersonation/end/"
LISTS = ["impersonationgrant", "auditevent"]
ELSEWHERE = [
    "//evil.example",
    "/\\evil.example",
    "https:evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "///evil.example",
    "\t//evil.example",
    "/\t/evil.example",
    "evil.example",
]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
def test_row_01__start_by_another_method(office: Office, method: str):
    """Only a POST starts anything, whatever the address says."""
    address = f"{office.form_of()}?reason=Ticket+4711,+her+invoice&mode=read-only"
    answer = office.client.generic(method, address)
    assert answer.status_code in {200, 405}
    assert office.events() == []
    assert office.whoami() == "olga"


def test_row_01__start_from_another_site(office: Office):
    """A form elsewhere has no CSRF token of this site."""
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(office.operator)
    assert office.press_start(client=strict).status_code == 403
    assert office.events() == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
@pytest.mark.parametrize("address", [END, "/admin/logout/"])
def test_row_02__stop_by_another_method(office: Office, method: str, address: str):
    office.start()
    answer = office.client.generic(method, address)
    assert answer.status_code == 405 or method == "OPTIONS"
    assert office.events(Type.GRANT_ENDED) == []
    assert office.whoami() == "alice"


def test_row_02__stop_from_another_site(office: Office):
    office.start()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = office.client.cookies
    assert strict.post(END).status_code == 403
    assert office.whoami() == "alice"


def test_row_12__staff_sees_no_button(office: Office):
    """Who may look at users, and may not impersonate, is offered nothing."""
    office.client.force_login(staff("carl", "view_user"))
    page = office.client.get(f"/admin/auth/user/{office.target.pk}/change/")
    assert page.status_code == 200
    assert b"impersonate" not in page.content
    assert office.press_start().status_code == 403
    assert office.denied() == [("no_permission", "alice")]


@pytest.mark.parametrize("name", LISTS)
def test_row_19__record_without_permission(office: Office, name: str):
    """Being staff opens no list and no page of it, nor does being able to start."""
    grant = office.start()
    key = grant.pk if name == LISTS[0] else office.events()[0].pk
    for reader in (staff("carl"), staff("tina", "impersonate"), person("dora")):
        client = Client()
        client.force_login(reader)
        for address in (f"/admin/kc_exchange/{name}/",
                        f"/admin/kc_exchange/{name}/{key}/change/"):  # fmt: skip
            page = client.get(address)
            assert page.status_code in {302, 403}
            assert b"invoice" not in page.content
    client.force_login(allow(reader, f"view_{name}"))
    assert client.get(f"/admin/kc_exchange/{name}/").status_code == 302


@pytest.mark.parametrize("name", LISTS)
def test_row_19__record_with_permission(office: Office, name: str):
    """Who may read it reads it, and changes nothing."""
    office.start()
    client = Client()
    client.force_login(staff("eve", f"view_{name}"))
    assert client.get(f"/admin/kc_exchange/{name}/").status_code == 200
    assert client.get(f"/admin/kc_exchange/{name}/add/").status_code == 403


@pytest.mark.parametrize("back", ELSEWHERE)
def test_row_20__way_back(office: Office, back: str):
    """It stays on this site, whatever the start was told."""
    office.start(back=back)
    answer = office.client.post(END)
    assert answer.status_code == 302
    place = answer.headers["Location"]
    assert place.startswith("/")
    assert "evil" not in place
    assert "alert" not in place


@pytest.mark.parametrize("name", ["next", "back", "redirect", "redirect_to", "url"])
def test_row_20__parameters_of_the_pages(office: Office, name: str):
    """None of them leads anywhere."""
    started = office.client.post(
        f"{office.form_of()}?{name}=//evil.example",
        {
            "reason": "Ticket 4711: her invoice",
            "minutes": "15",
            "mode": "read-only",
            name: "//evil.example",
        },
    )
    assert started.headers["Location"] == "/"
    ended = office.client.post(f"{END}?{name}=//evil.example", {name: "//evil.example"})
    assert "evil" not in ended.headers["Location"]


def test_row_24__session_of_five_minutes_left(desk: Desk):
    """A start makes nothing longer, and the grant is not longer than the session."""
    row = Session.objects.get(session_key=desk.client.session.session_key)
    row.expire_date = timezone.now() + timedelta(minutes=5)
    row.save()
    limit = row.expire_date + timedelta(seconds=2)
    grant = desk.start(minutes=60)
    assert int(desk.client.cookies["sessionid"]["max-age"]) <= 300
    session = Session.objects.get(session_key=desk.client.session.session_key)
    assert session.expire_date <= limit
    assert grant.session_expires_at
    assert grant.session_expires_at <= limit
    desk.stop()
    session = Session.objects.get(session_key=desk.client.session.session_key)
    assert session.expire_date <= limit


def said() -> set[str]:
    return {m.msg for m in run_checks() if (m.id or "").startswith("kc_exchange.")}


def test_row_26__something_is_forgotten(office: Office, settings: Any):
    """The middleware, its place, the address of the banner's button: a check says."""
    complete = list(settings.MIDDLEWARE)
    (ours,) = [m for m in complete if m.endswith("ImpersonationMiddleware")]
    office.set(USER_ADMIN=True)
    usual = said()
    settings.MIDDLEWARE = [m for m in complete if m != ours]
    missing = said() - usual
    settings.MIDDLEWARE = [ours, *[m for m in complete if m != ours]]
    misplaced = said() - usual
    settings.MIDDLEWARE = complete
    settings.ROOT_URLCONF = "tests.urls"
    no_address = said() - usual
    for found, told in (
        (missing, "ImpersonationMiddleware is not in MIDDLEWARE"),
        (misplaced, "ImpersonationMiddleware comes before"),
        (no_address, "the banner has no"),
    ):
        assert any(told in message for message in found), found


def test_row_26__no_middleware_no_start(office: Office, settings: Any):
    """Without it a start would change nothing but the record: it is refused."""
    settings.MIDDLEWARE = [m for m in settings.MIDDLEWARE if "Imperson" not in m]
    answer = office.press_start()
    assert answer.status_code == 500
    assert not office.events(Type.START_GRANTED)


def test_row_28__who_is_a_user(office: Office):
    """Nobody learns from a status which keys are users', who may not know anyway."""
    hidden, unknown = person("hilda"), 4711
    keys = [office.target.pk, office.operator.pk, hidden.pk, unknown]
    visitors = [Client(), Client(), Client()]
    visitors[1].force_login(person("dora"))
    visitors[2].force_login(staff("carl"))
    for visitor in visitors:
        for method in (visitor.get, visitor.post):
            answers = [method(f"/admin/auth/user/{k}/impersonate/") for k in keys]
            places = [a.headers.get("Location", "").partition("?")[0] for a in answers]
            assert len({a.status_code for a in answers}) == 1
            assert len(set(places)) == 1
