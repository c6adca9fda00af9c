"""The record in the admin: read by those who may, changed by nobody."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from kc_exchange.admin.events import shown
from kc_exchange.impersonation import audit
from kc_exchange.impersonation.people import Person
from kc_exchange.models import AuditEvent, KeycloakIdentity
from tests.admin.office import person, staff

if TYPE_CHECKING:
    from tests.admin.office import Office

pytestmark = pytest.mark.django_db

LIST = "/admin/kc_exchange/auditevent/"
NASTY = "<script>alert(1)</script>\u202eexe\u200b\x1b[2J"


@pytest.fixture
def auditor(office: Office) -> Client:
    client = Client()
    client.force_login(staff("aude", "view_auditevent"))
    return client


def test_list__needs_the_permission(office: Office) -> None:
    """Who may see grants, impersonate, or end grants, does not read the record."""
    office.start()
    event = office.events()[0]
    client = Client()
    client.force_login(
        staff("carl", "view_impersonationgrant", "impersonate", "end_impersonation")
    )

    for address in (LIST, f"{LIST}{event.pk}/change/", f"{LIST}{event.pk}/history/"):
        assert client.get(address).status_code == 403
    assert "auditevent" not in client.get("/admin/").content.decode()


@pytest.mark.parametrize("superuser", [False, True])
def test_list__changes_nothing(office: Office, superuser: bool) -> None:
    office.start()
    event = office.events()[0]
    client = Client()
    client.force_login(
        person("root", is_staff=True, is_superuser=True)
        if superuser
        else staff("aude", "view_auditevent", "delete_user")
    )
    before = list(AuditEvent.objects.values())

    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}add/", {"seq": 9}).status_code == 403
    assert client.post(f"{LIST}{event.pk}/change/", {"code": "x"}).status_code == 403
    assert client.post(f"{LIST}{event.pk}/delete/", {"post": "y"}).status_code == 403
    form = {"action": "delete_selected", "_selected_action": event.pk, "post": "y"}
    client.post(LIST, form)
    page = client.get(LIST).content.decode()

    assert 'name="action"' not in page
    assert f"{LIST}add/" not in page
    assert list(AuditEvent.objects.values()) == before


def test_list__filters(office: Office, auditor: Client) -> None:
    office.start()
    office.client.post("/orders/")

    for query, kinds in [
        ({"type__exact": "request.refused"}, {"request.refused"}),
        ({"outcome__exact": "failure"}, {"request.refused"}),
        ({"operator": "olga", "type__exact": "start.granted"}, {"start.granted"}),
        ({"operator": "alice"}, set()),
        (
            {"target": str(office.target.pk), "q": "read_only_grant"},
            {"request.refused"},
        ),
        ({"occurred_at__lt": "2020-01-01 00:00:00+00:00"}, set()),
    ]:
        page = auditor.get(LIST, query).content.decode()
        found = {
            e.type for e in office.events() if f">{e.get_type_display()}</td>" in page
        }
        assert found == kinds, query


def test_list__says_what_happened(office: Office, auditor: Client) -> None:
    """Who as whom, by name; what was done; how it went, and why."""
    office.start()
    office.client.post("/orders/")

    page = auditor.get(LIST, {"type__exact": "request.refused"}).content.decode()

    row = page.partition('<td class="field-at')[2].partition("</tr>")[0]
    said = re.sub(r"<[^>]+>", " ", row.replace("<wbr>", "")).split()
    assert said[3:6] == ["olga", "as", "alice"]
    assert said[-4:] == ["POST", "orders", "failure", "(read_only_grant)"]


def test_page__shows_the_payload(office: Office, auditor: Client) -> None:
    """Laid out, escaped, and with nothing hidden in it."""
    audit.record(
        audit.Event(
            type="start.denied",
            outcome="failure",
            code="self",
            operator=Person(id="1", name=NASTY),
            target=Person(id="2", name=NASTY),
            details={"reason": NASTY, "ip": "203.0.113.9"},
        )
    )
    (event,) = office.events()

    page = auditor.get(f"{LIST}{event.pk}/change/").content.decode()

    assert "&quot;ip&quot;: &quot;203.0.113.9&quot;" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert 'title="RIGHT-TO-LEFT OVERRIDE">U+202E</span>' in page
    assert 'title="ZERO WIDTH SPACE">U+200B</span>' in page
    for hidden in ("<script>alert", "\u202e", "\u200b", "\x1b"):
        assert hidden not in page
    assert event.hash in page
    assert event.previous_hash in page
    listed = auditor.get(LIST).content.decode()
    assert "<script>alert" not in listed
    assert "\u202e" not in listed


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"\xff\xfe\x00", b"[1]", b"null", b"[" * 100_000, b'{"details": 1}'],
)
def test_page__of_an_altered_payload(payload: bytes) -> None:
    """Whatever somebody put into the table is shown, and breaks nothing."""
    assert isinstance(shown(AuditEvent(payload=payload)), str)


def test_identities__are_not_changed(office: Office) -> None:
    """Whom a subject stands for is looked up; another user is not put in its place."""
    made = KeycloakIdentity.objects.create(
        user=office.target, issuer="https://id.example.com", subject="s-1"
    )
    client = Client()
    client.force_login(person("root", is_staff=True, is_superuser=True))
    address = f"/admin/kc_exchange/keycloakidentity/{made.pk}/change/"

    page = client.get(address)
    response = client.post(address, {"user": office.operator.pk, "subject": "s-2"})

    assert page.status_code == 200
    assert "s-1" in page.content.decode()
    assert response.status_code == 403
    made.refresh_from_db()
    assert (made.user, made.subject) == (office.target, "s-1")
    found = client.get("/admin/kc_exchange/keycloakidentity/?q=s-1").content.decode()
    assert "s-1" in found
    assert "Select Keycloak identity to view" in found


def test_tokens__have_no_page(office: Office) -> None:
    client = Client()
    client.force_login(person("root", is_staff=True, is_superuser=True))

    assert "granttoken" not in client.get("/admin/").content.decode().lower()
    assert client.get("/admin/kc_exchange/granttoken/").status_code == 404
