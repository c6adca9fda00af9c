"""What the peers get wrong about people who change: rows 6 to 15 and 29."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission

from kc_exchange.impersonation import sweep
from tests.impersonation.desk import Cause, Grant, Type, allow, person

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.impersonation.desk import Desk

pytestmark = pytest.mark.django_db


def change(user: Any, **values: Any) -> None:
    get_user_model().objects.filter(pk=user.pk).update(**values)


def assert_over(desk: Desk, cause: str, *, logged_in: bool) -> None:
    """The next request ends it, and the view runs as nobody; then all is as before."""
    refused = desk.client.post("/change/")
    assert refused.status_code == 403
    assert refused.headers["Cache-Control"] == "no-store, private, max-age=0"
    assert desk.cause() == cause
    assert not get_user_model().objects.filter(first_name="Changed").exists()
    assert desk.who() == ("sam" if logged_in else "")
    assert desk.events(Type.REQUEST_STARTED) == []


def test_row_06__operator_password_reset(desk: Desk):
    """A new password of the operator ends it, and stopping is no login."""
    desk.start()
    desk.operator.set_password("another")
    desk.operator.save()
    assert_over(desk, Cause.PASSWORD_CHANGED, logged_in=False)
    assert desk.stop().status_code == 200
    assert desk.who() == ""


def test_row_06__operator_password_reset_and_nobody_came_back(desk: Desk):
    """The sweep ends it, and all the others that no longer hold, by their causes."""
    grant = desk.start()
    desk.operator.set_password("another")
    desk.operator.save()
    assert sweep() == [grant]
    assert desk.cause() == Cause.PASSWORD_CHANGED


def test_row_07__operator_deactivated(desk: Desk):
    desk.start()
    change(desk.operator, is_active=False)
    assert_over(desk, Cause.OPERATOR_INACTIVE, logged_in=False)


def test_row_08__operator_loses_permission(desk: Desk):
    """The grant ends, and that request is not run as the operator either."""
    desk.start()
    desk.operator.user_permissions.clear()
    assert_over(desk, Cause.OPERATOR_REFUSED, logged_in=True)


def test_row_08__operator_loses_permission_to_write(desk: Desk):
    desk.start(mode="read-write")
    write = Permission.objects.get(codename="impersonate_read_write")
    desk.operator.user_permissions.remove(write)
    assert_over(desk, Cause.OPERATOR_REFUSED, logged_in=True)


def test_row_09__operator_deleted(desk: Desk):
    desk.start()
    desk.operator.delete()
    assert_over(desk, Cause.OPERATOR_DELETED, logged_in=False)
    assert desk.stop().status_code == 200


@pytest.mark.parametrize(
    "promote",
    [
        lambda user: change(user, is_superuser=True),
        lambda user: allow(user, "add_user"),
        lambda user: user.groups.add(group_with("add_user")),
    ],
    ids=["superuser", "permission", "group"],
)
def test_row_10__target_promoted(desk: Desk, promote: Callable[[Any], object]):
    desk.start()
    promote(desk.target)
    assert_over(desk, Cause.TARGET_CHANGED, logged_in=True)


def group_with(codename: str) -> Group:
    group = Group.objects.create(name=codename)
    group.permissions.add(Permission.objects.get(codename=codename))
    return group


def test_row_11__target_deactivated(desk: Desk):
    desk.start()
    change(desk.target, is_active=False)
    assert_over(desk, Cause.TARGET_INACTIVE, logged_in=True)


def test_row_11__target_deleted(desk: Desk):
    desk.start()
    desk.target.delete()
    assert_over(desk, Cause.TARGET_DELETED, logged_in=True)


@pytest.mark.parametrize("of_target", [{}, {"is_staff": True}])
def test_row_12__staff_without_permission(desk: Desk, of_target: dict[str, bool]):
    """Being staff is no permission, whoever the target is."""
    carl = person("carl", is_staff=True)
    desk.client.force_login(carl)
    target = person("dora", **of_target)
    assert desk.attempt(target).status_code == 403
    (denied,) = desk.events()
    assert (denied.type, denied.code) == (Type.START_DENIED, "no_permission")
    assert (denied.operator_name, denied.target_name) == ("carl", "dora")
    assert desk.who() == "carl"


def test_row_13__superuser_as_superuser(desk: Desk):
    root = person("root", is_superuser=True, is_staff=True)
    desk.client.force_login(root)
    refused = desk.attempt(person("toor", is_superuser=True))
    assert refused.status_code == 403
    assert [e.code for e in desk.events()] == ["target_superuser"]
    assert desk.attempt(desk.target).status_code == 200


def test_row_14__self(desk: Desk):
    """Nothing is left of the attempt but its record."""
    key = desk.client.session.session_key
    assert desk.attempt(desk.operator).status_code == 403
    assert [e.code for e in desk.events()] == ["self"]
    assert not Grant.objects.exists()
    assert desk.client.session.session_key == key


def test_row_15__nested(desk: Desk):
    """The second start is refused, and the end leads back to the first operator."""
    first = desk.start()
    refused = desk.attempt(person("bert"))
    assert refused.status_code == 403
    assert desk.events()[-1].code == "nested"
    assert desk.who() == "alice"
    desk.stop()
    assert desk.who() == "sam"
    assert list(Grant.objects.all()) == [first]


@pytest.mark.parametrize("mode", ["read-only", "read-write"])
def test_row_29__grant_invalid_at_a_post(desk: Desk, mode: str):
    """The view runs neither as the target nor as the operator."""
    grant = desk.start(mode=mode)
    Grant.objects.filter(pk=grant.pk).update(expires_at=grant.started_at)
    assert_over(desk, Cause.EXPIRED, logged_in=True)
