"""Read the roles of a realm export."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.testing import builtin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.testing.model import Realm, RoleKey


def add_roles(realm: Realm, document: Mapping[str, Any]) -> None:
    """Add the roles every realm has and those of the export."""
    _add_builtin_roles(realm)
    roles = document.get("roles", {})
    for entry in roles.get("realm", ()):
        _add_role(realm, "", entry)
    for client_id, entries in roles.get("client", {}).items():
        for entry in entries:
            _add_role(realm, client_id, entry)


def _add_builtin_roles(realm: Realm) -> None:
    composites = realm.composites
    for name in ("offline_access", "uma_authorization"):
        composites[("", name)] = set()
    for name, inner in builtin.ACCOUNT_ROLES.items():
        composites[("account", name)] = {("account", part) for part in inner}
    for name in builtin.MANAGEMENT_ROLES:
        inner = builtin.MANAGEMENT_COMPOSITES.get(name, ())
        composites[("realm-management", name)] = {
            ("realm-management", part) for part in inner
        }
    composites[("realm-management", "realm-admin")] = {
        ("realm-management", name) for name in builtin.MANAGEMENT_ROLES
    }
    composites[("", f"default-roles-{realm.name}")] = {
        ("", "offline_access"),
        ("", "uma_authorization"),
        ("account", "view-profile"),
        ("account", "manage-account"),
    }


def _add_role(realm: Realm, client_id: str, entry: Mapping[str, Any]) -> None:
    composites = entry.get("composites") or {}
    inner: set[RoleKey] = {("", name) for name in composites.get("realm", ())}
    for owner, names in composites.get("client", {}).items():
        inner |= {(owner, name) for name in names}
    realm.composites.setdefault((client_id, entry["name"]), set()).update(inner)
