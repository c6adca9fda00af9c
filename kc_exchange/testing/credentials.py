"""Check users' passwords."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kc_exchange.testing.model import User


def password_matches(user: User, given: str | None) -> bool:
    """Tell whether the password is the user's; without one, nothing is."""
    if given is None or user.password is None:
        return False
    return hmac.compare_digest(given.encode(), user.password.encode())
