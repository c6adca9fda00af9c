"""Compare what is wanted with what Keycloak has, member by member.

Only what is wanted is looked at: a realm may have anything else besides.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kc_exchange.provision.rules import Rule
from kc_exchange.provision.secrecy import is_flag, is_secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kc_exchange.provision.documents import Document

HIDDEN = "**********"
"""What Keycloak's admin API answers instead of a provider's secret."""
_FIRST_ALONE = frozenset({"id", "internalId", "containerId", "credentials"})
"""Members that a part is made with, and that are never compared."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One member that is not as wanted; `path` leads to it within its part."""

    path: tuple[str, ...]
    before: Any = field(repr=False)
    after: Any = field(repr=False)

    @property
    def is_secret(self) -> bool:
        """Tell whether nobody may read the two values."""
        above = ("", *self.path)
        named = any(map(is_secret, self.path, above))
        return named and not (is_flag(self.before) and is_flag(self.after))


def differences(
    wanted: Document, found: Document, *, leave_out: Iterable[str] = ()
) -> Iterator[Difference]:
    """Tell which members of `found` are not as `wanted`, and what they become."""
    left_out = _FIRST_ALONE.union(leave_out)
    for member, value in wanted.items():
        if member not in left_out:
            yield from _compared((member,), value, found.get(member))


def changed(found: Document, made: Iterable[Difference]) -> Document:
    """Return the part as it will be, with all that it has besides."""
    whole = copy.deepcopy(found)
    for difference in made:
        *above, last = difference.path
        inner = whole
        for member in above:
            if inner.get(member) is None:
                inner[member] = {}
            inner = inner[member]
        inner[last] = difference.after
    return whole


def _compared(path: tuple[str, ...], wanted: Any, found: Any) -> Iterator[Difference]:
    match wanted:
        case Rule():
            if not wanted.holds(found):
                yield Difference(path, found, wanted.value(found))
        case dict():
            for member, value in wanted.items():
                inner = found.get(member) if isinstance(found, dict) else None
                yield from _compared((*path, member), value, inner)
        case list():
            has = found or []
            more = [value for value in wanted if value not in has]
            if more:
                yield Difference(path, found, [*has, *more])
        case _ if not _is_same(wanted, found):
            yield Difference(path, found, wanted)


def _is_same(wanted: Any, found: Any) -> bool:
    """Keycloak leaves out a switch that is off, and writes attributes as text."""
    if found in (HIDDEN, wanted):
        return True
    if found is None:
        return wanted is False or wanted == ""
    return _text(wanted) == _text(found)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
