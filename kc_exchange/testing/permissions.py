"""Decide who may impersonate whom, as Keycloak's admin permissions decide it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange.testing import builtin

if TYPE_CHECKING:
    from kc_exchange.testing.identity import Identity
    from kc_exchange.testing.model import Client, Realm, RoleKey, User

OWNER = "realm-management"
IMPERSONATION = (OWNER, "impersonation")
REALM_ADMIN = (OWNER, "realm-admin")
ADMIN_ROLES = (*((OWNER, name) for name in builtin.MANAGEMENT_ROLES), REALM_ADMIN)


def may_impersonate(realm: Realm, operator: Identity, target: User) -> bool:
    """Tell whether the token's user may impersonate the target.

    They hold realm-management/impersonation, and the target holds no role of an
    administrator that they lack; a realm's administrator may impersonate anybody.
    The client the token was issued to must let the roles through.
    """
    if not _wields(realm, operator, IMPERSONATION):
        return False
    if REALM_ADMIN in realm.expand(operator.user.roles):
        return True
    theirs = realm.expand(target.roles)
    return all(_wields(realm, operator, role) for role in ADMIN_ROLES if role in theirs)


def _wields(realm: Realm, operator: Identity, role: RoleKey) -> bool:
    if role not in realm.expand(operator.user.roles):
        return False
    client = realm.clients.get(operator.client_id)
    if client is not None and _in_scope(realm, client, role):
        return True
    access = operator.claims.get("resource_access", {}).get(role[0], {})
    return role[1] in access.get("roles", ())


def _in_scope(realm: Realm, client: Client, role: RoleKey) -> bool:
    if client.full_scope:
        return True
    return role in realm.expand({*client.roles, *realm.client_roles(client)})
