"""Decide who may impersonate whom and exchange what, as Keycloak decides it.

What roles do not grant, admin permissions of version 1 may, on a server that has
them (`--features=admin-fine-grained-authz:v1`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange.testing import builtin
from kc_exchange.testing.authorization import Asker

if TYPE_CHECKING:
    from kc_exchange.testing.brokers.model import IdentityProvider
    from kc_exchange.testing.context import RealmServer
    from kc_exchange.testing.identity import Identity
    from kc_exchange.testing.model import Client, Realm, RoleKey, User

OWNER = "realm-management"
IMPERSONATION = (OWNER, "impersonation")
REALM_ADMIN = (OWNER, "realm-admin")
ADMIN_ROLES = (*((OWNER, name) for name in builtin.MANAGEMENT_ROLES), REALM_ADMIN)

EXCHANGE_SCOPE = "token-exchange"
USERS = "Users"
IMPERSONATE, IMPERSONATED = "impersonate", "user-impersonated"
IMPERSONATE_PERMISSION = "admin-impersonating.permission.users"
IMPERSONATED_PERMISSION = "user-impersonated.permission.users"


def client_permission(client: Client) -> tuple[str, str]:
    """Return the names of the permission to exchange to a client, and its resource."""
    permission = f"{EXCHANGE_SCOPE}.permission.client.{client.id}"
    return permission, f"client.resource.{client.id}"


def provider_permission(provider: IdentityProvider) -> tuple[str, str]:
    """Return the same names for an identity provider."""
    permission = f"{EXCHANGE_SCOPE}.permission.idp.{provider.internal_id}"
    return permission, f"idp.resource.{provider.internal_id}"


def may_exchange(
    server: RealmServer, requester: Client, names: tuple[str, str]
) -> bool:
    """Tell whether the requester has a permission to exchange.

    A permission that has no policy grants nothing.
    """
    permission, resource = names
    known = server.realm.authorization
    if not server.features.admin_permissions or resource not in known.resources:
        return False
    asker = Asker(client_id=requester.client_id)
    return known.restricts(permission) and known.allows(resource, EXCHANGE_SCOPE, asker)


def client_may_impersonate(server: RealmServer, client: Client, target: User) -> bool:
    """Tell whether the client may impersonate the target without anybody's token.

    Administrators are not spared here.
    """
    asker = Asker(client_id=client.client_id)
    allowed = server.realm.authorization.allows(USERS, IMPERSONATE, asker)
    return allowed and _impersonatable(server, target, "")


def may_impersonate(
    server: RealmServer, operator: Identity, target: User, requester: Client
) -> bool:
    """Tell whether the token's user may impersonate the target.

    They hold realm-management/impersonation, or have the permission; and the target
    holds no role of an administrator that they lack. A realm's administrator may
    impersonate anybody. The client the token was issued to must let the roles through.
    """
    realm = server.realm
    if not _wields(realm, operator, IMPERSONATION) and not _permitted(server, operator):
        return False
    if REALM_ADMIN not in realm.expand(operator.user.roles):
        theirs = realm.expand(target.roles)
        above = [role for role in ADMIN_ROLES if role in theirs]
        if not all(_wields(realm, operator, role) for role in above):
            return False
    return _impersonatable(server, target, requester.client_id)


def _permitted(server: RealmServer, operator: Identity) -> bool:
    """Tell whether the permission grants it; its clients are those of the token."""
    if not server.features.admin_permissions:
        return False
    asker = Asker(
        client_id=operator.client_id,
        username=operator.user.username,
        roles=frozenset(server.realm.expand(operator.user.roles)),
    )
    return server.realm.authorization.allows(USERS, IMPERSONATE, asker)


def _impersonatable(server: RealmServer, target: User, client_id: str) -> bool:
    known = server.realm.authorization
    if not server.features.admin_permissions:
        return True
    if not known.restricts(IMPERSONATED_PERMISSION):
        return True
    asker = Asker(
        client_id=client_id,
        username=target.username,
        roles=frozenset(server.realm.expand(target.roles)),
    )
    return known.allows(USERS, IMPERSONATED, asker)


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
