"""Plan roles, of the realm and of clients, and the roles that they bring along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange.provision.change import Call, Phase
from kc_exchange.provision.compare import Difference
from kc_exchange.provision.documents import named
from kc_exchange.provision.names import ClientNamed, RoleNamed
from kc_exchange.provision.parts import Part, change, planned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.provision.change import Change
    from kc_exchange.provision.documents import Document
    from kc_exchange.provision.names import Named
    from kc_exchange.provision.sheet import Sheet

_APART = ("composite", "composites", "clientRole")


def roles(sheet: Sheet) -> Iterator[Change]:
    """Plan the roles and their composites."""
    wanted = sheet.wanted.get("roles", {})
    owned = {"": wanted.get("realm", []), **wanted.get("client", {})}
    for owner, parts in owned.items():
        for part in parts:
            yield from _role(sheet, owner, part)


def _role(sheet: Sheet, owner: str, wanted: Document) -> Iterator[Change]:
    name = wanted["name"]
    found = _known(sheet.found, owner, name)
    above = _above(owner)
    part = Part(
        realm=sheet.realm,
        phase=Phase.CLIENT_ROLES if owner else Phase.ROLES,
        kind="role",
        place=f"Clients > {owner} > Roles > {name}"
        if owner
        else f"Realm roles > {name}",
        wanted=wanted,
        whole=_known(sheet.whole, owner, name) or wanted,
        found=found,
        apart=_APART,
        later=_APART,
        above=(*above, "roles"),
        path=(*above, "roles", name),
    )
    yield from planned(part)
    yield from _composites(part, owner)


def _composites(part: Part, owner: str) -> Iterator[Change]:
    has = _named_in((part.found or {}).get("composites", {}))
    wanted = _named_in(part.wanted.get("composites", {}))
    more = [role for role in wanted if role not in has]
    if not more:
        return
    before, after = [*map(str, has)], [*map(str, has), *map(str, more)]
    path = (*_above(owner), "roles", part.wanted["name"], "composites")
    members = [Difference(("composites",), before, after)]
    yield change(part, members, Call("POST", path, more), phase=Phase.LINKS)


def _named_in(composites: Document) -> list[RoleNamed]:
    own = [RoleNamed(name) for name in composites.get("realm", ())]
    return own + [
        RoleNamed(name, client)
        for client, names in composites.get("client", {}).items()
        for name in names
    ]


def _known(document: Document, owner: str, name: str) -> Document | None:
    roles = document.get("roles", {})
    known = roles.get("client", {}).get(owner, []) if owner else roles.get("realm", [])
    return named(known, "roles", name)


def _above(owner: str) -> tuple[str | Named, ...]:
    return ("clients", ClientNamed(owner)) if owner else ()
