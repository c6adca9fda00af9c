"""Hold what becomes known of an exchange while it is answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kc_exchange.testing.identity import Identity
    from kc_exchange.testing.model import User


@dataclass(slots=True, kw_only=True)
class Attempt:
    """Hold whom the subject token stands for, and what was issued.

    An external token has no `identity` here: it stands for `subject`, an account at
    the provider, and for `user`, whose account that is.
    """

    identity: Identity | None = None
    subject: str | None = None
    user: User | None = None
    subject_issuer: str | None = None
    validation_method: str | None = None
    impersonator: str | None = None
    claims: dict[str, Any] = field(default_factory=dict)
