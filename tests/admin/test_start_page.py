"""The page that starts a grant: whom it lets, and what it tells the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from kc_exchange.models import ImpersonationGrant
from tests.admin.office import REASON, allow, person, staff

if TYPE_CHECKING:
    from tests.admin.office import Office

pytestmark = pytest.mark.django_db


def test_start__leads_to_the_site_as_the_target(office: Office) -> None:
    office.set(START_URL="/orders/")

    response = office.press_start(mode="read-write", minutes="5", ticket="KILN-1")

    grant = ImpersonationGrant.objects.get()
    assert (response.status_code, response["Location"]) == (302, "/orders/")
    assert office.whoami() == "alice"
    assert (grant.operator_name, grant.target_name) == ("olga", "alice")
    assert (grant.reason, grant.ticket, grant.mode) == (REASON, "KILN-1", "read-write")
    started: Any = grant.started_at
    assert 290 < (grant.expires_at - started).total_seconds() <= 300
    assert [e.type for e in office.events()][:2] == ["start.requested", "start.granted"]


def test_start__and_back(office: Office) -> None:
    """The end leads back to the page of the person, on the site it began at."""
    office.client.post(
        office.form_of(site="back"),
        {"reason": REASON, "minutes": 1, "mode": "read-only"},
    )

    response = office.client.post("/impersonation/end/")

    assert response["Location"] == f"/back/auth/user/{office.target.pk}/change/"
    assert office.client.get(response["Location"]).status_code == 200


def test_page__says_who_and_whom(office: Office) -> None:
    response = office.client.get(office.form_of())

    page = response.content.decode()
    assert response.status_code == 200
    assert "<bdi>olga</bdi>" in page
    assert "<bdi>alice</bdi>" in page
    assert 'value="read-write"' in page
    assert "no-store" in response["Cache-Control"]
    assert office.events() == []


def test_page__offers_no_writing_to_whom_it_is_not_allowed(office: Office) -> None:
    """Who asks for it all the same is refused, recorded, and told what to do."""
    office.client.force_login(staff("rita", "impersonate", "view_user"))

    page = office.client.get(office.form_of()).content.decode()
    response = office.press_start(mode="read-write")

    assert 'value="read-only"' in page
    assert 'value="read-write"' not in page
    assert response.status_code == 403
    assert "Choose read only" in response.content.decode()
    assert REASON in response.content.decode()
    assert office.denied() == [("no_write_permission", "alice")]


def test_open_elsewhere__can_be_ended_from_here(office: Office) -> None:
    """Who lost the session of a grant is not locked out until its time is up."""
    lost = Client()
    lost.force_login(office.operator)
    office.press_start(client=lost)

    refused = office.press_start()
    done = office.client.post(office.form_of(), {"_end_open": "yes"})

    assert refused.status_code == 403
    assert 'name="_end_open"' in refused.content.decode()
    assert (done.status_code, done["Location"]) == (302, office.form_of())
    assert ImpersonationGrant.objects.get().end_cause == "stopped"
    assert office.press_start().status_code == 302


def test_open_elsewhere__only_ones_own(office: Office) -> None:
    office.press_start()
    other = Client()
    other.force_login(staff("rita", "impersonate", "view_user"))

    assert "_end_open" not in other.get(office.form_of()).content.decode()
    other.post(office.form_of(), {"_end_open": "yes"})

    assert ImpersonationGrant.objects.get().is_open


@pytest.mark.parametrize(
    "codenames", [(), ("impersonate",), ("impersonate", "add_user")]
)
def test_page__needs_to_see_the_person(office: Office, codenames: Any) -> None:
    """Who may not see users in the admin does not see them here."""
    office.client.force_login(staff("rita", *codenames))

    assert office.client.get(office.form_of()).status_code == 403
    assert office.press_start().status_code == 403


def test_page__of_an_operator_without_permission(office: Office) -> None:
    """Staff who see users, and may not act as them: 403 with cause and fix."""
    office.client.force_login(staff("rita", "view_user", "change_user"))

    page = office.client.get(office.form_of())
    attempt = office.press_start()

    assert page.status_code == attempt.status_code == 403
    assert "kc_exchange.impersonate" in page.content.decode()
    assert office.denied() == [("no_permission", "alice")]


@pytest.mark.parametrize("who", ["nobody", "customer"])
def test_page__is_for_staff(office: Office, who: str) -> None:
    client = Client()
    if who == "customer":
        client.force_login(allow(person("carl"), "impersonate", "view_user"))

    for response in (client.get(office.form_of()), office.press_start(client=client)):
        assert response.status_code == 302
        assert response["Location"].startswith("/admin/login/")


def test_page__without_the_middleware(office: Office) -> None:
    """Where nobody would act as anybody, the page says so and starts nothing."""
    ours = "kc_exchange.middleware.ImpersonationMiddleware"
    office.settings.MIDDLEWARE = [m for m in office.settings.MIDDLEWARE if m != ours]

    for response in (office.client.get(office.form_of()), office.press_start()):
        assert response.status_code == 500
        assert "ImpersonationMiddleware did not run" in response.content.decode()
    assert not ImpersonationGrant.objects.exists()


def test_start__keycloak_refuses(office: Office) -> None:
    """An operator who is logged in without Keycloak learns it, and loses no word."""
    office.set(AT_KEYCLOAK="required")

    response = office.press_start(ticket="KILN-9")

    page = response.content.decode()
    assert response.status_code == 403
    assert "You are logged in without Keycloak" in page
    assert "Log in through Keycloak." in page
    assert REASON in page
    assert 'value="KILN-9"' in page
    assert office.denied() == [("operator_not_at_keycloak", "alice")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("atomic_requests")
def test_start__under_atomic_requests(office: Office) -> None:
    """The page commits what it records by itself."""
    assert office.press_start().status_code == 302
    assert ImpersonationGrant.objects.get().is_open
    office.client.post("/impersonation/end/")
    assert office.press_start(person("root", is_superuser=True)).status_code == 403
    assert office.denied() == [("target_superuser", "root")]
