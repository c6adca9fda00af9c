"""What the shared cache holds of a token, and how it is written down."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kc_exchange.cache import floors
from kc_exchange.tokens import AccessToken

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kc_exchange.cache.entry import Entry
    from kc_exchange.cache.keys import Key

SKEW = 30.0
"""Seconds before its expiry from which a token is not used; half its life at most."""
_CLOCKS = 60.0
"""Seconds by which Keycloak's clock and ours may differ."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A token, and when it was obtained, in seconds since the epoch."""

    token: AccessToken
    obtained_at: float
    verified_at: float | None = None
    """When its owners were last known to be there, by the monotonic clock."""

    @property
    def usable_for(self) -> float:
        """The seconds from `obtained_at` for which the token is used."""
        lifetime = self.token.expires_at - self.obtained_at
        return lifetime - min(SKEW, lifetime / 2)

    @property
    def usable_until(self) -> float:
        """When the token is used no more, in seconds since the epoch."""
        return self.obtained_at + self.usable_for

    def is_newer(self, than: AccessToken | None) -> bool:
        """Whether it may take the place of a token that is to be renewed."""
        return than is None or self.token.expires_at > than.expires_at


def is_before(obtained: Stored | Entry, policy: int) -> bool:
    """Whether a token may have been obtained before a not-before policy.

    An answer names the latest policy: one that names this came after it.
    """
    is_older = obtained.token.not_before < policy
    return is_older and obtained.obtained_at < policy + _CLOCKS


def unverified(token: AccessToken) -> Stored:
    """Return what was obtained, or found, while nobody could tell of its owners."""
    return Stored(token, time.time())


def written(stored: Stored, generations: Mapping[str, str]) -> bytes:
    """Return what `read` reads; it holds the token in the clear, so seal it.

    The generations of its owners are those of before it was obtained.
    """
    token = stored.token
    return json.dumps(
        [
            token.value,
            token.token_type,
            token.thumbprint,
            token.expires_at,
            sorted(token.scope),
            token.not_before,
            stored.obtained_at,
            dict(generations),
        ],
        separators=(",", ":"),
    ).encode()


def read(
    plain: bytes,
    key: Key,
    owners: Sequence[Sequence[str]],
    generations: Mapping[str, str],
) -> Stored | None:
    """Return what `written` wrote, None if it is over or its owners are gone.

    Args:
        plain: what was unsealed, so that nobody else wrote it.
        key: by which it was found.
        owners: for each owner the names of its generations.
        generations: what is under these names now.
    """
    values: list[Any] = json.loads(plain)
    value, kind, thumbprint, expires_at, scope, not_before, obtained_at, before = values
    for names in owners:
        same = [
            before[name] == generations.get(name) for name in names if name in before
        ]
        if not same or not all(same):
            return None
    stored = Stored(
        AccessToken(
            value=value,
            token_type=kind,
            thumbprint=thumbprint,
            expires_at=expires_at,
            scope=frozenset(scope),
            not_before=not_before,
        ),
        obtained_at,
    )
    if is_before(stored, floors.latest(key.marks)):
        return None
    return stored if time.time() < stored.usable_until else None
