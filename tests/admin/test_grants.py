"""The list of grants, the page of one, and the end of one, now."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils.timezone import localtime

from kc_exchange.models import ImpersonationGrant
from tests.admin.office import Cause, Type, allow, person, staff

if TYPE_CHECKING:
    from tests.admin.office import Office

pytestmark = pytest.mark.django_db

LIST = "/admin/kc_exchange/impersonationgrant/"
SEE, END = "view_impersonationgrant", "end_impersonation"


@pytest.fixture
def auditor(office: Office) -> Client:
    """Return the browser of somebody who may see all, and end nothing."""
    client = Client()
    client.force_login(staff("aude", SEE, "view_auditevent"))
    return client


def listed(client: Client, **query: str) -> str:
    response = client.get(LIST, query)
    assert response.status_code == 200
    table: str = response.content.decode().partition('<table id="result_list"')[2]
    return table.partition("</table>")[0]


def end_now(client: Client, *grants: ImpersonationGrant) -> list[str]:
    form = {"action": "end_now", "_selected_action": [str(g.pk) for g in grants]}
    response = client.post(LIST, form)
    assert response.status_code == 302
    return [str(m) for m in get_messages(response.wsgi_request)]


def test_list__needs_the_permission(office: Office) -> None:
    """Neither staff nor whoever may impersonate sees it for that."""
    grant = office.start()

    for address in (LIST, f"{LIST}{grant.pk}/change/", f"{LIST}{grant.pk}/history/"):
        assert office.client.get(address).status_code == 403


@pytest.mark.parametrize("superuser", [False, True])
def test_list__changes_nothing(office: Office, superuser: bool) -> None:
    """Nobody adds, changes or deletes a grant, not even a superuser."""
    grant = office.start()
    client = Client()
    client.force_login(
        person("root", is_staff=True, is_superuser=True)
        if superuser
        else staff("aude", SEE)
    )
    form = {"reason": "another reason", "_save": "Save"}

    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}add/", form).status_code == 403
    assert client.post(f"{LIST}{grant.pk}/change/", form).status_code == 403
    assert client.post(f"{LIST}{grant.pk}/delete/", {"post": "yes"}).status_code == 403
    form = {"action": "delete_selected", "_selected_action": str(grant.pk), "post": "y"}
    client.post(LIST, form)

    assert "delete_selected" not in client.get(LIST).content.decode()
    assert ImpersonationGrant.objects.get().reason == grant.reason


def test_list__filters_and_finds(office: Office, auditor: Client) -> None:
    office.start(reason="the first reason", ticket="KILN-1")
    office.client.post("/impersonation/end/")
    office.start(target=person("bob").pk, reason="the second reason", mode="read-write")

    for query, expected in [
        ({}, "12"),
        ({"state": "open"}, "2"),
        ({"state": "ended"}, "1"),
        ({"state": "x"}, "12"),
        ({"mode__exact": "read-write"}, "2"),
        ({"end_cause__exact": "stopped"}, "1"),
        ({"operator": "OLG"}, "12"),
        ({"operator": str(office.operator.pk)}, "12"),
        ({"operator": "nobody"}, ""),
        ({"target": "bob"}, "2"),
        ({"target": "\x00"}, "12"),
        ({"target": "x" * 100_000}, ""),
        ({"q": "KILN-1"}, "1"),
        ({"q": "second"}, "2"),
        ({"q": "alice"}, "1"),
        ({"requested_at__gte": "2020-01-01 00:00:00+00:00"}, "12"),
        ({"requested_at__lt": "2020-01-01 00:00:00+00:00"}, ""),
    ]:
        table = listed(auditor, **query)
        assert ("the first reason" in table) is ("1" in expected), query
        assert ("the second reason" in table) is ("2" in expected), query


def test_list__says_why_before_how_it_went(office: Office, auditor: Client) -> None:
    """Two grants of a minute are told apart, and the reason has place to be read."""
    grant = office.start(ticket="KILN-1")

    table = listed(auditor)

    assert re.findall(r'class="[^"]*column-(\w+)', table) == [
        "when",
        "people",
        "why",
        "ticket_shown",
        "state_and_mode",
    ]
    requested = localtime(grant.requested_at)
    assert f"<span>{requested:%Y-%m-%d}</span> <span>{requested:%H:%M:%S}</s" in table
    assert ">open, read only</td>" in table


def test_list__keeps_other_filters_in_the_fields(
    office: Office, auditor: Client
) -> None:
    """Who looks for a person among open grants still looks among open grants."""
    office.start()

    page = auditor.get(LIST, {"state": "open", "operator": '"><b>'}).content.decode()

    assert '<input type="hidden" name="state" value="open">' in page
    assert 'value="&quot;&gt;&lt;b&gt;"' in page
    assert 'aria-label="Operator"' in page


def test_page__has_all_facts(office: Office, auditor: Client) -> None:
    """And no secret: neither the digest of the password, nor a token."""
    grant = office.start(ticket="KILN-1", mode="read-write")
    office.page()
    office.client.post("/impersonation/end/")

    page = auditor.get(f"{LIST}{grant.pk}/change/").content.decode()

    grant.refresh_from_db()
    for fact in (
        "olga",
        "alice",
        "She cannot see her invoice of May",
        "KILN-1",
        "read and write",
        "stopped by the operator",
        "127.0.0.1",
        grant.session_digest,
    ):
        assert fact in page, fact
    assert grant.password_digest not in page


def test_page__has_the_timeline(office: Office, auditor: Client) -> None:
    grant = office.start()
    office.page()
    office.client.post("/orders/")
    office.client.post("/impersonation/end/")

    page = auditor.get(f"{LIST}{grant.pk}/change/").content.decode()

    timeline = page.partition('id="kc-timeline"')[2]
    told = [e.get_type_display() for e in office.events() if e.grant_id == grant.pk]
    places = [timeline.index(f">{kind}</td>") for kind in dict.fromkeys(told)]
    assert places == sorted(places)
    assert set(told) >= {"start granted", "request finished", "request refused"}
    assert "GET orders 200" in timeline
    assert "failure (read_only_grant)" in timeline.replace("<wbr>", "")


def test_timeline__needs_its_own_permission(office: Office) -> None:
    """Who may see grants does not read the record for that."""
    grant = office.start()
    office.page()
    client = Client()
    client.force_login(staff("gert", SEE))

    page = client.get(f"{LIST}{grant.pk}/change/").content.decode()

    assert "You may not read the audit events" in page
    assert "request.started" not in page


def test_end_now__of_ones_own(office: Office) -> None:
    """No permission is needed to end one's own grant; the session is cleaned too."""
    office.operator = allow(office.operator, SEE)
    grant = office.start()

    assert end_now(office.client, grant) == ["1 grant was ended."]

    grant.refresh_from_db()
    assert (grant.end_cause, grant.ended_by_name) == (Cause.STOPPED, "")
    assert office.client.get("/orders/").status_code == 200
    assert office.whoami() == "olga"


def test_end_now__of_ones_own_in_another_session(office: Office) -> None:
    office.operator = allow(office.operator, SEE)
    grant = office.start()
    second = Client()
    second.force_login(office.operator)

    end_now(second, grant)

    grant.refresh_from_db()
    assert grant.end_cause == Cause.STOPPED
    assert office.client.get("/orders/").status_code == 403
    assert office.whoami() == "olga"


def test_end_now__of_others(office: Office, auditor: Client) -> None:
    """Without the permission the grant goes on, and the page says what is missing."""
    grant = office.start()

    told = end_now(auditor, grant)

    grant.refresh_from_db()
    assert grant.is_open
    assert "kc_exchange.end_impersonation" in told[1]
    assert "End now" not in auditor.get(f"{LIST}{grant.pk}/change/").content.decode()


def test_end_now__of_others_with_permission(office: Office) -> None:
    """It is over at once, and the record says who ended it."""
    grant = office.start()
    client = Client()
    client.force_login(staff("emma", SEE, END))
    page = client.get(f"{LIST}{grant.pk}/change/").content.decode()

    told = end_now(client, grant)

    grant.refresh_from_db()
    assert '<form method="post" action="/admin/kc_exchange/impersonationgrant/"' in page
    assert told == ["1 grant was ended."]
    assert (grant.end_cause, grant.ended_by_name) == (Cause.FORCED, "emma")
    assert [e.code for e in office.events(Type.GRANT_ENDED)] == ["forced"]
    assert office.client.get("/orders/").status_code == 403
    assert end_now(client, grant)[-1] == "0 grants were ended."


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("atomic_requests")
def test_end_now__under_atomic_requests(office: Office) -> None:
    grant = ImpersonationGrant.objects.get(pk=_started(office))
    client = Client()
    client.force_login(staff("emma", SEE, END))

    assert end_now(client, grant) == ["1 grant was ended."]


def _started(office: Office) -> Any:
    office.press_start()
    return ImpersonationGrant.objects.get().pk
