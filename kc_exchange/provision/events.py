"""Keycloak's events: a realm that is told to keep them is told for how long, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.provision.compare import Difference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kc_exchange.provision.documents import Document

_KEPT = 30 * 24 * 60 * 60
"""Seconds; Keycloak itself would keep events for ever."""
_EXPIRATION: dict[str, tuple[str, ...]] = {
    "eventsEnabled": ("eventsExpiration",),
    "adminEventsEnabled": ("attributes", "adminEventsExpiration"),
}
"""Where it stands for how long, by the switch."""


def begun() -> Document:
    """Return what a new realm has."""
    return {
        "eventsExpiration": _KEPT,
        "attributes": {"adminEventsExpiration": str(_KEPT)},
    }


def expirations(
    members: Iterable[Difference], wanted: Document, found: Document
) -> Iterator[Difference]:
    """Tell for how long events are kept that are switched on.

    Nothing, where the realm or what is wanted of it says so already.
    """
    for member in members:
        path = _EXPIRATION.get(member.path[-1])
        if path and member.after is True and _at(wanted, path) is None:
            before = _at(found, path)
            if before in (None, "", "0", 0):
                yield Difference(path, before, _at(begun(), path))


def _at(document: Document, path: Iterable[str]) -> Any:
    value: Any = document
    for member in path:
        value = value.get(member) if isinstance(value, dict) else None
    return value
