"""Who of Keycloak's people is who in the shop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth.models import Group, Permission, User

from kc_exchange.models import user_from_claims as plain_user

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.models import KeycloakIdentity

_STAFF = "staff"
_MAY_SEE = ("view_user", "view_group")


def user_from_claims(
    *, claims: Mapping[str, Any], identity: KeycloakIdentity | None
) -> User | None:
    """Return the user, whom the realm role `staff` lets into the admin, or no more.

    For the setting USER_FROM_CLAIMS.
    """
    user = cast("User | None", plain_user(claims=claims, identity=identity))
    access = claims.get("realm_access")
    if user is not None and access is not None:
        _follow_role(user, is_staff=_STAFF in access.get("roles", ()))
    return user


def _follow_role(user: User, *, is_staff: bool) -> None:
    if user.is_staff == is_staff:
        return
    user.is_staff = is_staff
    user.save(update_fields=["is_staff"])
    desk, made = Group.objects.get_or_create(name="Staff")
    if made:
        desk.permissions.set(Permission.objects.filter(codename__in=_MAY_SEE))
    if is_staff:
        user.groups.add(desk)
    else:
        user.groups.remove(desk)
