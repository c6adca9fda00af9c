"""Put realm documents together, in the format that Keycloak exports and imports.

Whatever is in a list of a document is known by its own name: a client by its client id,
a user by the username. So two documents about one realm are merged part by part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.provision.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Document = dict[str, Any]
_NAMED_BY = {
    "clients": ("clientId",),
    "users": ("username",),
    "identityProviders": ("alias",),
    "identityProviderMappers": ("identityProviderAlias", "name"),
    "credentials": ("type",),
    "federatedIdentities": ("identityProvider",),
}
_ELSE = ("clientScope", "client", "name")
"""What names the entries of any other list: a scope mapping, a mapper, a role."""


def name_of(part: Document, kind: str = "") -> tuple[str, ...]:
    """Return what tells `part` from the others in a list of that kind."""
    found = (part.get(member) for member in _NAMED_BY.get(kind, _ELSE))
    return tuple("" if value is None else str(value) for value in found)


def named(parts: Iterable[Document], kind: str, *name: str) -> Document | None:
    """Return the part of that name, None if there is none."""
    return next((p for p in parts if name_of(p, kind)[-len(name) :] == name), None)


def merged(first: Any, second: Any, kind: str = "") -> Any:
    """Return `first` with what `second` says besides or instead; change neither."""
    if isinstance(first, dict) and isinstance(second, dict):
        return first | {
            key: merged(first.get(key), value, key) for key, value in second.items()
        }
    if isinstance(first, Rule):
        return first.joined(second)
    if isinstance(first, list) and isinstance(second, list):
        return _merged_lists(first, second, kind)
    return second


def _merged_lists(first: Sequence[Any], second: Sequence[Any], kind: str) -> list[Any]:
    if not all(isinstance(part, dict) for part in (*first, *second)):
        return [*first, *(value for value in second if value not in first)]
    parts = {name_of(part, kind): part for part in first}
    for part in second:
        name = name_of(part, kind)
        parts[name] = merged(parts[name], part) if name in parts else part
    return list(parts.values())


def settled(document: Any) -> Any:
    """Return the document with what each rule asks of a new realm in its place."""
    if isinstance(document, Rule):
        return document.value(None)
    if isinstance(document, dict):
        found = {key: settled(value) for key, value in document.items()}
        return {key: value for key, value in found.items() if value is not None}
    if isinstance(document, list):
        return [settled(value) for value in document]
    return document
