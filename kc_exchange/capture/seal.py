"""Seal tokens so that only the session they belong to can open them.

The key comes from `SECRET_KEY`; `SECRET_KEY_FALLBACKS` still open. The session key is
associated data, so a row copied from another session holds nothing usable.
"""

from __future__ import annotations

import binascii
import json
import logging
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes
from django.views.decorators.debug import sensitive_variables

from kc_exchange.tokens import TokenSet

_log = logging.getLogger("kc_exchange")
_NONCE = 12
_SALT = b"kc_exchange.capture.seal"
_INFO = b"tokens of a session, v1"


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
    return Kept(tokens, generation, seal_bytes(plain, _bound_to(session_key)))


@sensitive_variables()
def unseal(sealed: object, session_key: str) -> Kept | None:
    """Return what was sealed for `session_key`, None if it does not open."""
    plain = unseal_bytes(sealed, _bound_to(session_key))
    return None if plain is None else replace(_read(plain), sealed=str(sealed))


@sensitive_variables()
def seal_bytes(plain: bytes, bound_to: bytes) -> str:
    """Seal `plain`, to be opened by who names the same `bound_to` (associated data)."""
    nonce = os.urandom(_NONCE)
    box = nonce + _cipher(settings.SECRET_KEY).encrypt(nonce, plain, bound_to)
    return urlsafe_b64encode(box).decode()


@sensitive_variables()
def unseal_bytes(sealed: object, bound_to: bytes) -> bytes | None:
    """Return what was sealed for `bound_to`, None if it does not open."""
    if not isinstance(sealed, str):
        return None
    box = _decoded(sealed)
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        plain = _opened(box, _cipher(secret), bound_to)
        if plain is not None:
            return plain
    return None


def warn_unopened() -> None:
    """Log that a session holds tokens that do not open; they count as none."""
    _log.warning(
        "kc_exchange.seal_refused The tokens in this session do not open: they were "
        "sealed under another SECRET_KEY or for another session, or were changed. "
        "Fix: log in again; after a change of SECRET_KEY, keep the old one in "
        "SECRET_KEY_FALLBACKS."
    )


@lru_cache(maxsize=8)
def _cipher(secret: str | bytes) -> AESGCM:
    key = HKDF(SHA256(), length=32, salt=_SALT, info=_INFO).derive(force_bytes(secret))
    return AESGCM(key)


def _bound_to(session_key: str) -> bytes:
    return b"kc_exchange session v1\0" + session_key.encode()


def _decoded(sealed: str) -> bytes:
    try:
        return urlsafe_b64decode(sealed)
    except (binascii.Error, ValueError):
        return b""


def _opened(box: bytes, cipher: AESGCM, bound_to: bytes) -> bytes | None:
    nonce, sealed = box[:_NONCE], box[_NONCE:]
    try:
        return cipher.decrypt(nonce, sealed, bound_to)
    except (InvalidTag, ValueError):
        return None


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
