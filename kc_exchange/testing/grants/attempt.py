"""Hold what becomes known of an exchange while it is answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kc_exchange.testing.identity import Identity


@dataclass(slots=True, kw_only=True)
class Attempt:
    """Hold whom the subject token stands for, and what was issued."""

    identity: Identity | None = None
    impersonator: str | None = None
    claims: dict[str, Any] = field(default_factory=dict)
