"""Who of Keycloak's people is who in the shop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth.models import Group, Permission, User

from kc_exchange.models import user_from_claims as plain_user

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.models import KeycloakIdentity

_STAFF = "staff"
_GROUPS = {
    _STAFF: (
        "view_user",
        "view_group",
        "view_impersonationgrant",
        "view_auditevent",
        "end_impersonation",
        "view_keycloakidentity",
        "run_doctor",
    ),
    "support": ("impersonate", "impersonate_read_write"),
}
"""Realm roles, and what they allow in the admin; each is a group of that name."""


def user_from_claims(
    *, claims: Mapping[str, Any], identity: KeycloakIdentity | None
) -> User | None:
    """Return the user, with the rights of their realm roles `staff` and `support`.

    For the setting USER_FROM_CLAIMS.
    """
    user = cast("User | None", plain_user(claims=claims, identity=identity))
    access = claims.get("realm_access")
    if user is not None and access is not None:
        _follow_roles(user, set(access.get("roles", ())))
    return user


def _follow_roles(user: User, roles: set[str]) -> None:
    """Let the user be in the groups of these roles, and staff with `staff`."""
    if user.is_staff != (_STAFF in roles):
        user.is_staff = _STAFF in roles
        user.save(update_fields=["is_staff"])
    wanted = roles & _GROUPS.keys()
    held = set(user.groups.values_list("name", flat=True)) & _GROUPS.keys()
    for name in wanted - held:
        user.groups.add(_group(name))
    if held - wanted:
        user.groups.remove(*Group.objects.filter(name__in=held - wanted))


def _group(name: str) -> Group:
    group, made = Group.objects.get_or_create(name=name)
    if made:
        found = Permission.objects.filter(codename__in=_GROUPS[name])
        group.permissions.set(found)
    return group
