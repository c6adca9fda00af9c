"""Since when tokens of an owner count: its not-before policy, as far as heard of."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST = 10_000
_instants: OrderedDict[bytes, int] = OrderedDict()


def latest(marks: Iterable[bytes]) -> int:
    """Return the latest policy of issuers and people, in epoch seconds; 0 for none."""
    return max((_instants.get(mark, 0) for mark in marks), default=0)


def raise_to(mark: bytes, instant: int) -> None:
    """Take note of a policy; it only ever rises."""
    _instants[mark] = max(instant, latest([mark]))
    _instants.move_to_end(mark)
    if len(_instants) > _MOST:
        _instants.popitem(last=False)


def forget() -> None:
    """Know of no policy."""
    _instants.clear()
