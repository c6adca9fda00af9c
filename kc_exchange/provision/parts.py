"""Plan one part of a realm: make it, or change what is not as wanted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kc_exchange.provision.change import Call, Change
from kc_exchange.provision.compare import Difference, changed, differences
from kc_exchange.provision.documents import settled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kc_exchange.provision.change import Act, Phase
    from kc_exchange.provision.documents import Document
    from kc_exchange.provision.names import Named


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part: what it is, what is wanted of it, and what the realm has of it."""

    realm: str
    phase: Phase
    kind: str
    place: str
    wanted: Document = field(repr=False)
    whole: Document = field(repr=False)
    """What it is made of where there is none."""
    found: Document | None = field(repr=False)
    apart: tuple[str, ...] = ()
    """Members that are planned by themselves: they have calls of their own."""
    later: tuple[str, ...] = ()
    """Those of them that it cannot be made with."""
    path: tuple[str | Named, ...] = ()
    """Where it is changed."""
    above: tuple[str | Named, ...] = ()
    """Where it is made."""
    also: tuple[Difference, ...] = field(default=())
    """What else is different, though nobody can see it."""


def planned(part: Part) -> Iterator[Change]:
    """Tell what must be done about it: nothing, or one thing."""
    if part.found is None:
        yield from _made(part)
        return
    own = differences(part.wanted, part.found, leave_out=part.apart)
    members = (*own, *part.also)
    if members:
        body = changed(part.found, members)
        yield change(part, members, Call("PUT", part.path, _without(body, part.apart)))


def _made(part: Part) -> Iterator[Change]:
    members = differences(part.wanted, {}, leave_out=part.later)
    body = _without(settled(part.whole), part.later)
    yield change(part, members, Call("POST", part.above, body), creates=True)


def change(
    part: Part,
    members: Iterable[Difference],
    act: Act,
    *,
    creates: bool = False,
    phase: Phase | None = None,
) -> Change:
    """Return a change of that part; `phase` is its own, unless it comes later."""
    return Change(
        realm=part.realm,
        phase=part.phase if phase is None else phase,
        kind=part.kind,
        place=part.place,
        members=tuple(members),
        act=act,
        creates=creates,
    )


def _without(document: Any, members: Iterable[str]) -> Any:
    return {key: value for key, value in document.items() if key not in set(members)}
