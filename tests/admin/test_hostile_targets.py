"""Whom nobody acts as, and what is no person; the numbers are those of the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from kc_exchange.models import ImpersonationGrant
from tests.admin.office import person, staff

if TYPE_CHECKING:
    from tests.admin.office import Office

pytestmark = pytest.mark.django_db


def _self(office: Office) -> Any:
    return office.operator


def _superuser(office: Office) -> Any:
    return person("root", is_superuser=True)


def _inactive(office: Office) -> Any:
    return person("ina", is_active=False)


def _staff_target(office: Office) -> Any:
    return staff("sven", "delete_user")


def _through_a_group(office: Office) -> Any:
    found = person("gus")
    group = Group.objects.create(name="clerks")
    office.operator.refresh_from_db()
    group.permissions.add(Permission.objects.get(codename="add_user"))
    found.groups.add(group)
    return found


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (_self, "self"),
        (_superuser, "target_superuser"),
        (_inactive, "target_inactive"),
        (_staff_target, "more_rights"),
        (_through_a_group, "more_rights"),
    ],
)
def test_d12__whom_nobody_acts_as(office: Office, target: Any, code: str) -> None:
    """D12: 403 with cause and fix, no form; an attempt all the same is recorded."""
    whom = target(office)

    page = office.client.get(office.form_of(whom))
    attempt = office.press_start(whom)

    assert page.status_code == attempt.status_code == 403
    assert 'class="errornote" role="alert"' in page.content.decode()
    assert 'name="reason"' not in page.content.decode()
    assert office.denied() == [(code, whom.username)]
    assert not ImpersonationGrant.objects.exists()


def test_d12__who_is_gone_or_hidden(office: Office) -> None:
    """D12: as the admin's own page: nobody learns which of the two it is."""
    hidden = person("henry")

    for pk in (hidden.pk, 987_654):
        address = f"/admin/auth/user/{pk}/impersonate/"
        for response in (office.client.get(address), office.client.post(address)):
            assert (response.status_code, response["Location"]) == (302, "/admin/")
    assert office.events() == []


def test_d12__who_is_impersonated_already(office: Office) -> None:
    """D12: two operators may look at once; each has a grant."""
    office.press_start()
    second = Client()
    second.force_login(staff("rita", "impersonate", "view_user"))

    assert office.press_start(client=second).status_code == 302
    assert ImpersonationGrant.objects.filter(ended_at=None).count() == 2


@pytest.mark.parametrize(
    "pk",
    [str(2**63), str(-(2**63)), "-1", "1 OR 1=1", "9" * 400, "0x1", "%00", "1/../2"],
)
def test_d13__target_id(office: Office, pk: str) -> None:
    """D13: what is no id is nobody."""
    address = f"/admin/auth/user/{pk}/impersonate/"

    for response in (office.client.get(address), office.client.post(address)):
        assert response.status_code in {302, 404}
    assert not ImpersonationGrant.objects.exists()


def test_d14__nested(office: Office) -> None:
    """D14: under a grant there is no form, and an attempt is refused and recorded."""
    office.press_start()
    bob = person("bob")

    page = office.client.get(office.form_of(bob))
    attempt = office.press_start(bob)

    assert page.status_code == attempt.status_code == 403
    assert 'name="reason"' not in page.content.decode()
    assert 'action="/impersonation/end/"' in page.content.decode()
    assert office.denied() == [("nested", "bob")]
    assert office.whoami() == "alice"


def test_d15__submitted_twice(office: Office) -> None:
    """D15: a second press starts no second grant."""
    before = Client()
    before.cookies["sessionid"] = office.client.cookies["sessionid"].value
    office.press_start()

    second = office.press_start()
    late = office.press_start(client=before)

    assert second.status_code == 403
    assert late["Location"].startswith("/admin/login/")
    assert ImpersonationGrant.objects.count() == 1


def test_d16__two_tabs(office: Office) -> None:
    """D16: of two targets in two tabs, the first is had; the other is refused."""
    bob = person("bob")
    office.client.get(office.form_of())
    office.client.get(office.form_of(bob))

    assert office.press_start(bob).status_code == 302
    assert office.press_start().status_code == 403
    assert office.whoami() == "bob"
