"""Since when an issuer's tokens count: its not-before policies, as far as heard of."""

from __future__ import annotations

_instants: dict[bytes, int] = {}


def of(mark: bytes) -> int:
    """Return the policy of an issuer, in seconds since the epoch; 0 for none."""
    return _instants.get(mark, 0)


def raise_to(mark: bytes, instant: int) -> None:
    """Take note of a policy; it only ever rises."""
    _instants[mark] = max(instant, of(mark))


def forget() -> None:
    """Know of no policy."""
    _instants.clear()
