"""The settings of the cache that processes share, as a frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedCache:
    """The cache that processes share for exchanged tokens."""

    alias: str
    """Which of CACHES."""
    keys: tuple[str | bytes, ...] = field(repr=False)
    """What its entries are sealed under: the first; the others still open."""
    local_seconds: float = 10.0
    """Seconds after which a process looks whether its copy is still good."""
    timeout: float = 0.05
    """Seconds that one operation may take, before the cache counts as away."""
