"""Seal tokens so that only the session they belong to can open them.

The key comes from `SECRET_KEY`; `SECRET_KEY_FALLBACKS` still open. The session key is
associated data, so a row copied from another session holds nothing usable.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field, replace
from typing import Any

from django.views.decorators.debug import sensitive_variables

from kc_exchange.capture import box
from kc_exchange.tokens import TokenSet

_log = logging.getLogger("kc_exchange")
_PURPOSE = b"tokens of a session, v1"


@dataclass(frozen=True, slots=True)
class Kept:
    """A token set, and how new it is among those of its session."""

    tokens: TokenSet
    generation: int
    """Milliseconds since the epoch when it was kept; larger is newer."""
    sealed: str = field(default="", repr=False)
    """The text that it was opened from, or sealed to."""


@sensitive_variables()
def seal(tokens: TokenSet, generation: int, session_key: str) -> Kept:
    """Seal `tokens` for `session_key` alone (AES-256-GCM, NIST SP 800-38D)."""
    plain = json.dumps(
        [
            generation,
            tokens.access_token,
            tokens.refresh_token,
            tokens.id_token,
            tokens.expires_at,
            tokens.realm,
        ],
        separators=(",", ":"),
    ).encode()
    sealed = box.close(plain, _PURPOSE, _bound_to(session_key))
    return Kept(tokens, generation, sealed)


@sensitive_variables()
def unseal(sealed: object, session_key: str) -> Kept | None:
    """Return what was sealed for `session_key`, None if it does not open."""
    if not isinstance(sealed, str):
        return None
    plain = box.opened(sealed, _PURPOSE, _bound_to(session_key))
    return None if plain is None else replace(_read(plain), sealed=sealed)


def warn_unopened() -> None:
    """Log that a session holds tokens that do not open; they count as none."""
    _log.warning(
        "kc_exchange.seal_refused The tokens in this session do not open: they were "
        "sealed under another SECRET_KEY or for another session, or were changed. "
        "Fix: log in again; after a change of SECRET_KEY, keep the old one in "
        "SECRET_KEY_FALLBACKS."
    )


def _bound_to(session_key: str) -> bytes:
    return b"kc_exchange session v1\0" + session_key.encode()


def _read(plain: bytes) -> Kept:
    """Read what `seal` wrote: the tag says that nobody else did."""
    values: list[Any] = json.loads(plain)
    generation, access, refresh, identity, expires_at, realm = values
    tokens = TokenSet(
        access_token=access,
        refresh_token=refresh,
        id_token=identity,
        expires_at=expires_at,
        realm=realm,
    )
    return Kept(tokens, generation)
