"""Plan client scopes, clients, their mappers, and which client has which scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange.provision.change import Call, Calls, Change, Phase
from kc_exchange.provision.compare import Difference, differences
from kc_exchange.provision.conflicts import refuse_another
from kc_exchange.provision.documents import named
from kc_exchange.provision.names import ClientNamed, RoleNamed, ScopeNamed
from kc_exchange.provision.parts import Part, planned
from kc_exchange.provision.places import CLIENTS, own_scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kc_exchange.provision.change import Act
    from kc_exchange.provision.documents import Document
    from kc_exchange.provision.names import Named
    from kc_exchange.provision.sheet import Sheet

_AUDIENCE = "oidc-audience-mapper"
_MODELS = ("protocol-mappers", "models")
_SCOPES = ("defaultClientScopes", "optionalClientScopes")
_LATER = (*_SCOPES, "authorizationSettings")
_OWN_PATH = {"defaultClientScopes": "default", "optionalClientScopes": "optional"}


def scopes(sheet: Sheet) -> Iterator[Change]:
    """Plan the client scopes and their mappers."""
    for name, wanted, whole, found in sheet.parts("clientScopes", "name"):
        part = Part(
            realm=sheet.realm,
            phase=Phase.SCOPES,
            kind="scope",
            place=f"Client scopes > {name}",
            wanted=wanted,
            whole=whole,
            found=found,
            apart=("protocolMappers",),
            above=("client-scopes",),
            path=("client-scopes", ScopeNamed(name)),
        )
        refuse_another(part, "protocol")
        yield from planned(part)
        if found is not None:
            yield from _mappers(part)


def clients(sheet: Sheet) -> Iterator[Change]:
    """Plan the clients and the mappers of their own."""
    for client_id, wanted, whole, found in sheet.parts("clients", "clientId"):
        part = Part(
            realm=sheet.realm,
            phase=Phase.CLIENTS,
            kind="client",
            place=f"Clients > {client_id}",
            wanted=wanted,
            whole=whole,
            found=found,
            apart=("protocolMappers", *_LATER),
            later=_LATER,
            above=("clients",),
            path=("clients", ClientNamed(client_id)),
        )
        refuse_another(part, "protocol")
        yield from planned(part)
        if found is not None:
            yield from _mappers(part)


def assignments(sheet: Sheet) -> Iterator[Change]:
    """Plan which scopes a client has, and whether they must be asked for."""
    for client_id, wanted, _, found in sheet.parts("clients", "clientId"):
        for kind, other in (_SCOPES, reversed(_SCOPES)):
            has, otherwise = (list((found or {}).get(k, ())) for k in (kind, other))
            for scope in wanted.get(kind, ()):
                if scope in has:
                    continue
                members = [Difference((kind,), has, [*has, scope])]
                if scope in otherwise:
                    rest = [one for one in otherwise if one != scope]
                    members.append(Difference((other,), otherwise, rest))
                leaves = other if scope in otherwise else ""
                act = _assign(client_id, scope, kind, leaves)
                yield _assigned(sheet, client_id, tuple(members), act)


def limits(sheet: Sheet) -> Iterator[Change]:
    """Plan the roles that a scope, or a client, is limited to."""
    wanted = {"": sheet.wanted.get("scopeMappings", [])}
    wanted |= sheet.wanted.get("clientScopeMappings", {})
    for owner, mappings in wanted.items():
        found = sheet.found.get("scopeMappings", [])
        if owner:
            found = sheet.found.get("clientScopeMappings", {}).get(owner, [])
        for mapping in mappings:
            yield from _limit(sheet, owner, mapping, found)


def _mappers(part: Part) -> Iterator[Change]:
    known = (part.found or {}).get("protocolMappers", [])
    where = _own_scope(part.wanted["clientId"]) if part.kind == "client" else part.place
    for wanted in part.wanted.get("protocolMappers", ()):
        name = wanted["name"]
        found = named(known, "protocolMappers", name)
        if found is None and any(_brings_the_same(wanted, one) for one in known):
            continue
        mapper = Part(
            realm=part.realm,
            phase=part.phase,
            kind="mapper",
            place=f"{where} > Mappers > {name}",
            wanted=wanted,
            whole=named(part.whole["protocolMappers"], "protocolMappers", name) or {},
            found=found,
            above=(*part.path, *_MODELS),
            path=(*part.path, *_MODELS, (found or {}).get("id", "")),
        )
        refuse_another(mapper, "protocolMapper")
        yield from planned(mapper)


def _own_scope(client_id: str) -> str:
    return f"{CLIENTS}{client_id} > Client scopes > {own_scope(client_id)}"


def _brings_the_same(wanted: Document, mapper: Document) -> bool:
    """Tell whether a mapper of another name adds the same audience just as well."""
    is_one = wanted.get("protocolMapper") == _AUDIENCE
    return is_one and not any(differences(wanted, mapper, leave_out=("name",)))


def _assign(client_id: str, scope: str, kind: str, leaves: str) -> Act:
    """Keycloak ignores a second place of a scope: it has to leave the first."""
    there = ("clients", ClientNamed(client_id))
    named = ScopeNamed(scope)
    put = Call("PUT", (*there, f"{_OWN_PATH[kind]}-client-scopes", named))
    if not leaves:
        return put
    other = f"{_OWN_PATH[leaves]}-client-scopes"
    return Calls((Call("DELETE", (*there, other, named)), put))


def _assigned(
    sheet: Sheet, client_id: str, members: tuple[Difference, ...], act: Act
) -> Change:
    return Change(
        realm=sheet.realm,
        phase=Phase.LINKS,
        kind="client",
        place=f"Clients > {client_id}",
        members=members,
        act=act,
    )


def _limit(
    sheet: Sheet, owner: str, mapping: Document, found: Sequence[Document]
) -> Iterator[Change]:
    kind = "clientScope" if "clientScope" in mapping else "client"
    name = mapping[kind]
    has: list[str] = next((m["roles"] for m in found if m.get(kind) == name), [])
    more = [role for role in mapping["roles"] if role not in has]
    if not more:
        return
    holder: tuple[str | Named, ...] = ("client-scopes", ScopeNamed(name))
    if kind == "client":
        holder = ("clients", ClientNamed(name))
    below = ("clients", ClientNamed(owner)) if owner else ("realm",)
    body = [RoleNamed(role, owner) for role in more]
    yield Change(
        realm=sheet.realm,
        phase=Phase.LINKS,
        kind="scope",
        place=_own_scope(name) if kind == "client" else f"Client scopes > {name}",
        members=(Difference(("roles",), has, [*has, *more]),),
        act=Call("POST", (*holder, "scope-mappings", *below), body),
    )
