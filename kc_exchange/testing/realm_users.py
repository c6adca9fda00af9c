"""Read the users of a realm export."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from kc_exchange.testing.model import Client, Realm, RoleKey, User
from kc_exchange.testing.realm_brokers import read_links

if TYPE_CHECKING:
    from collections.abc import Mapping


def add_users(realm: Realm, document: Mapping[str, Any]) -> None:
    """Add the export's users, then the service accounts it leaves out.

    As on Keycloak, an imported user holds the roles the export lists and no others,
    while a service account the server makes itself gets the realm's default roles.
    """
    groups = _group_roles(document.get("groups", ()))
    for entry in document.get("users", ()):
        user = _user(entry, groups)
        realm.users[user.id] = user
    for client in realm.clients.values():
        if client.service_accounts and realm.service_account(client) is None:
            account = _service_account(realm, client)
            realm.users[account.id] = account


def _user(entry: Mapping[str, Any], groups: Mapping[str, set[RoleKey]]) -> User:
    member_of = tuple(entry.get("groups") or ())
    roles = _roles(entry)
    for group in member_of:
        roles |= groups.get(group, set())
    return User(
        id=entry.get("id") or str(uuid4()),
        username=entry["username"].lower(),
        password=_password(entry.get("credentials") or ()),
        enabled=bool(entry.get("enabled", False)),
        email=entry.get("email"),
        email_verified=bool(entry.get("emailVerified", False)),
        first_name=entry.get("firstName"),
        last_name=entry.get("lastName"),
        attributes=_attributes(entry),
        roles=roles,
        groups=member_of,
        required_actions=tuple(entry.get("requiredActions") or ()),
        service_client=entry.get("serviceAccountClientId"),
        not_before=entry.get("notBefore") or 0,
        consents=_consents(entry.get("clientConsents") or ()),
        links=read_links(entry),
    )


def _attributes(entry: Mapping[str, Any]) -> dict[str, list[str]]:
    given = entry.get("attributes") or {}
    return {
        key: [
            str(value) for value in (values if isinstance(values, list) else [values])
        ]
        for key, values in given.items()
    }


def _password(credentials: Any) -> str | None:
    values = (c.get("value") for c in credentials if c.get("type") == "password")
    return next((value for value in values if value is not None), None)


def _roles(entry: Mapping[str, Any]) -> set[RoleKey]:
    found: set[RoleKey] = {("", name) for name in entry.get("realmRoles") or ()}
    for owner, names in (entry.get("clientRoles") or {}).items():
        found |= {(owner, name) for name in names}
    return found


def _consents(entries: Any) -> dict[str, set[str]]:
    return {
        entry["clientId"]: set(entry.get("grantedClientScopes") or ())
        for entry in entries
    }


def _group_roles(
    entries: Any,
    inherited: frozenset[RoleKey] = frozenset(),
) -> dict[str, set[RoleKey]]:
    found: dict[str, set[RoleKey]] = {}
    for entry in entries:
        path = entry.get("path") or f"/{entry['name']}"
        found[path] = _roles(entry) | inherited
        found |= _group_roles(entry.get("subGroups") or (), frozenset(found[path]))
    return found


def _service_account(realm: Realm, client: Client) -> User:
    return User(
        id=str(uuid4()),
        username=f"service-account-{client.client_id.lower()}",
        roles={("", f"default-roles-{realm.name}")},
        service_client=client.client_id,
    )
