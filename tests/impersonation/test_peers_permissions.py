"""Who may act as whom: what hijack, loginas, authentik and PostHog test of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.test import Client

from kc_exchange.impersonation import check
from kc_exchange.impersonation.errors import ImpersonationRefused
from tests.impersonation.desk import Cause, Type, allow, person

if TYPE_CHECKING:
    from tests.impersonation.desk import Desk

pytestmark = pytest.mark.django_db
READ, WRITE = "impersonate", "impersonate_read_write"

OPERATORS: dict[str, Any] = {
    "superuser": {"is_superuser": True, "is_staff": True},
    "support": {"is_staff": True, "may": [READ, WRITE, "add_group"]},
    "support by group": {"is_staff": True, "group": [READ, WRITE, "add_group"]},
    "reader": {"is_staff": True, "may": [READ]},
    "reader, no staff": {"may": [READ]},
    "writer only": {"is_staff": True, "may": [WRITE]},
    "staff": {"is_staff": True},
    "nobody": {},
    "inactive superuser": {"is_superuser": True, "is_active": False},
}
TARGETS: dict[str, Any] = {
    "customer": {},
    "customer with a right": {"may": ["add_group"]},
    "customer with a right by group": {"group": ["add_group"]},
    "customer with more rights": {"may": ["add_user"]},
    "staff": {"is_staff": True},
    "superuser": {"is_superuser": True},
    "inactive": {"is_active": False},
}
NOBODY = dict.fromkeys(TARGETS, "")
READER = NOBODY | {"customer": "r", "staff": "r"}
SUPPORT = NOBODY | {
    "customer": "rw",
    "customer with a right": "rw",
    "customer with a right by group": "rw",
    "staff": "rw",
}
ALLOWED: dict[str, dict[str, str]] = {
    "superuser": SUPPORT | {"customer with more rights": "rw"},
    "support": SUPPORT,
    "support by group": SUPPORT,
    "reader": READER,
    "reader, no staff": READER | {"staff": ""},
    "writer only": NOBODY,
    "staff": NOBODY,
    "nobody": NOBODY,
    "inactive superuser": NOBODY,
}


def made(name: str, flags: dict[str, Any]) -> Any:
    flags = dict(flags)
    may, by_group = flags.pop("may", ()), flags.pop("group", ())
    user = person(name, **flags)
    if by_group:
        group = Group.objects.create(name=name)
        group.permissions.add(*Permission.objects.filter(codename__in=by_group))
        user.groups.add(group)
    return allow(user, *may)


def may(operator: Any, target: Any, mode: str) -> bool:
    try:
        check(operator=operator, target=target, mode=mode)
    except ImpersonationRefused:
        return False
    return True


@pytest.mark.parametrize("who", OPERATORS)
@pytest.mark.parametrize("whom", TARGETS)
def test_hijack__who_whom(who: str, whom: str):
    """Nobody gains a right that they lack, by flags, by groups, or by permissions."""
    operator, target = made("op", OPERATORS[who]), made("tg", TARGETS[whom])
    allowed = "r" * may(operator, target, "read-only")
    allowed += "w" * may(operator, target, "read-write")
    assert allowed == ALLOWED[who][whom]


def test_loginas__anonymous():
    assert not may(AnonymousUser(), person("alice"), "read-only")


def test_hijack__unauthenticated_start(desk: Desk):
    """It is refused, recorded without a name, and makes no session."""
    visitor = Client()
    assert desk.attempt(client=visitor).status_code == 403
    (denied,) = desk.events()
    assert (denied.type, denied.operator_name) == (Type.START_DENIED, "")
    assert not visitor.cookies


def test_authentik__inactive_target(desk: Desk):
    get_user_model().objects.filter(pk=desk.target.pk).update(is_active=False)
    assert desk.attempt().status_code == 403
    assert desk.events()[-1].code == "target_inactive"


def never(**_kwargs: Any) -> bool:
    return False


def always(**_kwargs: Any) -> bool:
    return True


def truthy(**_kwargs: Any) -> Any:
    return "yes"


def none(**_kwargs: Any) -> Any:
    """Forget to return anything."""


def of_own_customers(*, operator: Any, target: Any, mode: str) -> bool:
    """Decide by the person, as a permission for single objects does."""
    return bool(mode == "read-only" and target.last_name == operator.username)


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [("never", False), ("always", True), ("truthy", False), ("none", False)],
)
def test_impersonate__rule_of_the_project(desk: Desk, rule: str, allowed: bool):
    """MAY_IMPERSONATE decides, and only True is yes."""
    desk.configure(MAY_IMPERSONATE=f"{__name__}.{rule}")
    assert desk.attempt(mode="read-write").status_code == (200 if allowed else 403)


@pytest.mark.parametrize("who", ["staff", "nobody", "inactive superuser"])
def test_impersonate__rule_allows_no_more_than_the_permissions(desk: Desk, who: str):
    """No rule opens what the model's permission closes, nor an inactive account."""
    desk.configure(MAY_IMPERSONATE=f"{__name__}.always")
    operator = made("op", OPERATORS[who])
    assert not may(operator, desk.target, "read-only")
    assert not may(desk.operator, desk.operator, "read-only")
    assert not may(desk.operator, made("tg", TARGETS["inactive"]), "read-only")


def test_authentik__scoped(desk: Desk):
    """The right can be for some people alone."""
    desk.configure(MAY_IMPERSONATE=f"{__name__}.of_own_customers")
    hers = person("bert", last_name="sam")
    assert desk.attempt(desk.target).status_code == 403
    assert desk.attempt(hers, mode="read-write").status_code == 403
    assert desk.attempt(hers).status_code == 200


def test_posthog__target_withdraws_consent(desk: Desk):
    """A rule that asks the target holds at the start and at every request after."""
    desk.configure(MAY_IMPERSONATE=f"{__name__}.of_own_customers")
    people = get_user_model().objects.filter(pk=desk.target.pk)
    people.update(last_name="sam")
    desk.start()
    assert desk.who() == "alice"
    people.update(last_name="")
    assert desk.who() == ""
    assert desk.cause() == Cause.OPERATOR_REFUSED
    assert desk.attempt().status_code == 403


class Bare:
    """A user of a model without permissions, as Django's documentation has one."""

    pk, is_active = 7, True


def test_permissions__users_that_list_none(desk: Desk):
    """They are refused, with the setting that decides instead; not guessed at."""
    with pytest.raises(ImpersonationRefused, match="MAY_IMPERSONATE"):
        check(operator=desk.operator, target=Bare(), mode="read-only")  # type: ignore[arg-type]
    desk.configure(MAY_IMPERSONATE=f"{__name__}.always")
    assert may(desk.operator, Bare(), "read-only")
