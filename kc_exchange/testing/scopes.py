"""Decide what a scope parameter brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange.testing.errors import OAuthError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kc_exchange.testing.model import (
        Client,
        ClientScope,
        Mapper,
        Realm,
        RoleKey,
        User,
    )


def words(scope: str | None) -> list[str]:
    """Split a scope parameter into its words (RFC 6749 section 3.3)."""
    return (scope or "").split()


def check_scope(realm: Realm, client: Client, scope: str | None) -> None:
    """Refuse a scope parameter that names a scope the client does not have.

    Raises:
        OAuthError: `invalid_scope`; an empty parameter is refused as well.
    """
    if scope is None:
        return
    allowed = {"openid", *client.default_scopes, *client.optional_scopes}
    asked = words(scope)
    if not asked or not (set(asked) <= allowed & (realm.scopes.keys() | {"openid"})):
        raise OAuthError("invalid_scope", f"Invalid scopes: {scope}")


def requested_scopes(
    realm: Realm, client: Client, scope: str | None, user: User
) -> list[ClientScope]:
    """Return the client's default scopes and the optional ones it asked for.

    A scope that is tied to roles is left out for a user who holds none of them.
    """
    asked = set(words(scope))
    names = [*client.default_scopes]
    names += [name for name in client.optional_scopes if name in asked]
    held = realm.expand(user.roles)
    found = (realm.scopes[name] for name in names if name in realm.scopes)
    return [s for s in found if not s.roles or realm.expand(s.roles) & held]


def scope_text(scopes: Iterable[ClientScope], asked: str | None) -> str:
    """Return the `scope` claim: the named scopes, `openid` first if it was asked."""
    names = java_set_order(s.name for s in scopes if s.named_in_tokens)
    return " ".join((["openid"] if "openid" in words(asked) else []) + names)


def all_mappers(client: Client, scopes: Iterable[ClientScope]) -> list[Mapper]:
    """Return the client's own mappers and those of the scopes."""
    return [*client.mappers, *(mapper for scope in scopes for mapper in scope.mappers)]


def roles_for(
    realm: Realm, client: Client, scopes: Iterable[ClientScope], user: User
) -> set[RoleKey]:
    """Return the user's roles that client and scopes let into a token."""
    held = realm.expand(user.roles)
    if client.full_scope:
        return held
    let_through = set(client.roles) | set(realm.client_roles(client))
    for scope in scopes:
        let_through |= scope.roles
    return held & realm.expand(let_through)


def java_set_order(names: Iterable[str]) -> list[str]:
    """Return the distinct names in the order a Java HashSet holds them.

    Keycloak writes sets of names into claims and error texts in this order.
    """
    distinct = list(dict.fromkeys(names))
    size = 16
    while len(distinct) > size * 0.75:
        size *= 2
    return sorted(distinct, key=lambda name: _java_bucket(name, size))


def _java_bucket(name: str, size: int) -> int:
    code = 0
    for character in name:
        code = (code * 31 + ord(character)) & 0xFFFFFFFF
    return (code ^ (code >> 16)) & (size - 1)
