"""Put claims into tokens: Keycloak's protocol mappers, one function a kind."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from kc_exchange.testing.model import Client, Mapper, RoleKey, User
    from kc_exchange.testing.sessions import UserSession

logger = logging.getLogger(__name__)

Json = dict[str, Any]
Kind = Literal["access", "lightweight", "id", "userinfo", "introspection"]

PROPERTIES = {
    "username": "username",
    "email": "email",
    "firstName": "first_name",
    "lastName": "last_name",
    "emailVerified": "email_verified",
    "id": "id",
    "enabled": "enabled",
}


@dataclass(slots=True, kw_only=True)
class Draft:
    """Hold a token while the mappers write it.

    `roles` are the user's roles as far as client and scopes let them through.
    """

    kind: Kind
    user: User
    client: Client
    session: UserSession
    roles: set[RoleKey]
    claims: Json = field(default_factory=dict)
    audience: list[str] = field(default_factory=list)

    def address(self, audience: str) -> None:
        """Add an audience, once."""
        if audience and audience not in self.audience:
            self.audience.append(audience)


NOT_IN_USERINFO = ("oidc-acr-mapper", "oidc-allowed-origins-mapper")


def included(mapper: Mapper, kind: Kind) -> bool:
    """Tell whether the mapper writes into this kind of token."""
    if kind == "lightweight":
        return mapper.on("lightweight.claim")
    if kind == "userinfo" and mapper.kind in NOT_IN_USERINFO:
        return False
    if kind == "userinfo" and "userinfo.token.claim" not in mapper.config:
        return mapper.on("id.token.claim")
    if kind == "introspection" and "introspection.token.claim" not in mapper.config:
        return mapper.on("access.token.claim")
    return mapper.on(f"{kind}.token.claim")


def put(claims: Json, path: str, value: object) -> None:
    r"""Set a claim by its dotted path; `\.` is a dot inside a name."""
    *parents, last = [p.replace("\\.", ".") for p in re.split(r"(?<!\\)\.", path)]
    for parent in parents:
        claims = claims.setdefault(parent, {})
    claims[last] = value


def _typed(value: str, kind: str) -> object:
    try:
        if kind in ("long", "int"):
            return int(value)
        if kind == "JSON":
            return json.loads(value)
    except ValueError:
        return None
    return value == "true" if kind == "boolean" else value


def _put_values(draft: Draft, mapper: Mapper, values: list[str]) -> None:
    path = mapper.config.get("claim.name")
    if not path or not values:
        return
    kind = mapper.config.get("jsonType.label", "String")
    typed = [_typed(value, kind) for value in values]
    put(draft.claims, path, typed if mapper.on("multivalued") else typed[0])


def _audience(draft: Draft, mapper: Mapper) -> None:
    chosen = mapper.config.get("included.client.audience")
    draft.address(chosen or mapper.config.get("included.custom.audience", ""))


def _audience_resolve(draft: Draft, _: Mapper) -> None:
    for owner in sorted({owner for owner, _name in draft.roles if owner}):
        if owner != draft.client.client_id:
            draft.address(owner)


def _realm_roles(draft: Draft, mapper: Mapper) -> None:
    prefix = mapper.config.get("usermodel.realmRoleMapping.rolePrefix", "")
    names = sorted(prefix + name for owner, name in draft.roles if not owner)
    path = mapper.config.get("claim.name") or "realm_access.roles"
    if names:
        put(draft.claims, path, names if mapper.on("multivalued") else names[0])


def _client_roles(draft: Draft, mapper: Mapper) -> None:
    only = mapper.config.get("usermodel.clientRoleMapping.clientId")
    prefix = mapper.config.get("usermodel.clientRoleMapping.rolePrefix", "")
    default = "resource_access.${client_id}.roles"
    path = mapper.config.get("claim.name") or default
    for owner in sorted({owner for owner, _ in draft.roles if owner}):
        if only in (None, "", owner):
            names = sorted(prefix + name for own, name in draft.roles if own == owner)
            put(draft.claims, path.replace("${client_id}", _escaped(owner)), names)


def _escaped(name: str) -> str:
    return name.replace(".", "\\.")


def _attribute(draft: Draft, mapper: Mapper) -> None:
    name = mapper.config.get("user.attribute", "")
    if name in PROPERTIES:
        _property(draft, mapper)
    else:
        _put_values(draft, mapper, draft.user.attributes.get(name, []))


def _property(draft: Draft, mapper: Mapper) -> None:
    name = PROPERTIES.get(mapper.config.get("user.attribute", ""))
    value = getattr(draft.user, name) if name else None
    if value is not None:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        _put_values(draft, mapper, [text])


def _full_name(draft: Draft, _: Mapper) -> None:
    parts = (draft.user.first_name, draft.user.last_name)
    name = " ".join(part for part in parts if part)
    if name:
        draft.claims["name"] = name


def _hardcoded(draft: Draft, mapper: Mapper) -> None:
    _put_values(draft, mapper, [mapper.config.get("claim.value", "")])


def _subject(draft: Draft, _: Mapper) -> None:
    draft.claims["sub"] = draft.user.id


def _session_note(draft: Draft, mapper: Mapper) -> None:
    value = draft.session.notes.get(mapper.config.get("user.session.note", ""))
    if value is not None:
        _put_values(draft, mapper, [value])


def _allowed_origins(draft: Draft, _: Mapper) -> None:
    if draft.client.web_origins:
        draft.claims["allowed-origins"] = list(draft.client.web_origins)


def _level(draft: Draft, _: Mapper) -> None:
    joined = draft.session.clients.get(draft.client.client_id)
    draft.claims["acr"] = joined.acr if joined else "1"


def _groups(draft: Draft, mapper: Mapper) -> None:
    full = mapper.config.get("full.path", "true") == "true"
    paths = draft.user.groups
    names = [path if full else path.rpartition("/")[2] for path in paths]
    put(draft.claims, mapper.config.get("claim.name") or "groups", names)


def _address(draft: Draft, mapper: Mapper) -> None:
    parts = {
        "street_address": "street",
        "locality": "locality",
        "region": "region",
        "postal_code": "postal_code",
        "country": "country",
        "formatted": "formatted",
    }
    found: Json = {}
    for claim, part in parts.items():
        attribute = mapper.config.get(f"user.attribute.{part}", part)
        if values := draft.user.attributes.get(attribute):
            found[claim] = values[0]
    if found:
        draft.claims["address"] = found


MAPPERS: dict[str, Callable[[Draft, Mapper], None]] = {
    "oidc-acr-mapper": _level,
    "oidc-address-mapper": _address,
    "oidc-allowed-origins-mapper": _allowed_origins,
    "oidc-audience-mapper": _audience,
    "oidc-audience-resolve-mapper": _audience_resolve,
    "oidc-full-name-mapper": _full_name,
    "oidc-group-membership-mapper": _groups,
    "oidc-hardcoded-claim-mapper": _hardcoded,
    "oidc-sub-mapper": _subject,
    "oidc-usermodel-attribute-mapper": _attribute,
    "oidc-usermodel-client-role-mapper": _client_roles,
    "oidc-usermodel-property-mapper": _property,
    "oidc-usermodel-realm-role-mapper": _realm_roles,
    "oidc-usersessionmodel-note-mapper": _session_note,
}


def apply(mappers: list[Mapper], draft: Draft) -> None:
    """Let every mapper that is meant for this token write its claims."""
    for mapper in mappers:
        if not included(mapper, draft.kind):
            continue
        write = MAPPERS.get(mapper.kind)
        if write is None:
            logger.warning("kc_exchange.testing.mapper_skipped kind=%s", mapper.kind)
        else:
            write(draft, mapper)
