"""Plan the people of realm files: their accounts, roles and links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.provision.change import Call, Phase
from kc_exchange.provision.compare import Difference
from kc_exchange.provision.documents import named
from kc_exchange.provision.names import ClientNamed, RoleNamed, UserNamed
from kc_exchange.provision.parts import Part, change, planned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.provision.change import Change
    from kc_exchange.provision.documents import Document
    from kc_exchange.provision.sheet import Sheet

_APART = (
    "realmRoles",
    "clientRoles",
    "federatedIdentities",
    "serviceAccountClientId",
)


def users(sheet: Sheet) -> Iterator[Change]:
    """Plan the users; a new one is imported, which keeps the id that a file gives."""
    for username, wanted, whole, found in sheet.parts("users", "username"):
        part = Part(
            realm=sheet.realm,
            phase=Phase.USERS,
            kind="user",
            place=f"Users > {username}",
            wanted=wanted,
            whole=whole,
            found=found,
            apart=_APART,
            path=("users", UserNamed(username)),
        )
        if found is None and "serviceAccountClientId" not in wanted:
            yield _imported(part)
            continue
        if found is not None:
            yield from planned(part)
        yield from _roles(part, found or {})
        yield from _links(part, found or {})


def with_default_role(user: Document, realm: str) -> Document:
    """Return the user with the role that everybody has: an import gives no other."""
    roles = user.get("realmRoles", [])
    default = f"default-roles-{realm.lower()}"
    more = [default] if default not in roles else []
    return user | {"realmRoles": [*more, *roles]}


def _imported(part: Part) -> Change:
    user = with_default_role(part.whole, part.realm)
    members = [
        Difference((member,), None, value)
        for member, value in part.wanted.items()
        if member in ("email", "realmRoles", "clientRoles", "federatedIdentities")
    ]
    body = {"ifResourceExists": "FAIL", "users": [user]}
    return change(part, members, Call("POST", ("partialImport",), body), creates=True)


def _roles(part: Part, found: Document) -> Iterator[Change]:
    wanted = {"": part.wanted.get("realmRoles", [])}
    wanted |= part.wanted.get("clientRoles", {})
    for owner, names in wanted.items():
        has = found.get("realmRoles", [])
        if owner:
            has = found.get("clientRoles", {}).get(owner, [])
        more = [name for name in names if name not in has]
        if more:
            below = ("clients", ClientNamed(owner)) if owner else ("realm",)
            body = [RoleNamed(name, owner) for name in more]
            path = ("clientRoles", owner) if owner else ("realmRoles",)
            call = Call("POST", (*part.path, "role-mappings", *below), body)
            yield change(part, [Difference(path, has, [*has, *more])], call)


def _links(part: Part, found: Document) -> Iterator[Change]:
    has = found.get("federatedIdentities", [])
    for link in part.wanted.get("federatedIdentities", ()):
        provider = link["identityProvider"]
        if named(has, "federatedIdentities", provider) is None:
            path = (*part.path, "federated-identity", provider)
            difference = Difference(("federatedIdentities",), _names(has), [provider])
            yield change(part, [difference], Call("POST", path, link))


def _names(links: Any) -> list[str]:
    return [link["identityProvider"] for link in links]
