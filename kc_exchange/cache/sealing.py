"""Seal what the shared cache holds, and name it so that nobody can guess at it."""

from __future__ import annotations

import hmac
import os
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.utils.encoding import force_bytes
from django.views.decorators.debug import sensitive_variables

if TYPE_CHECKING:
    from collections.abc import Sequence

_SALT = b"kc_exchange.cache.sealing"
_INFO = b"shared cache, v1"
_VERSION = b"\x01"
_NONCE = 12
_ID = 4


class _Secret:
    """One secret of the settings, as the three things that are made of it."""

    __slots__ = ("cipher", "id", "naming")

    def __init__(self, secret: bytes) -> None:
        made = HKDF(SHA256(), length=64 + _ID, salt=_SALT, info=_INFO).derive(secret)
        self.cipher = AESGCM(made[:32])
        self.naming = made[32:64]
        self.id = made[64:]

    def name(self, kind: str, message: bytes) -> str:
        return f"kc_exchange:{kind}:{hmac.digest(self.naming, message, 'sha256').hex()}"


class Sealer:
    """Seal under the first of several secrets, and open under each of them."""

    def __init__(self, secrets: Sequence[str | bytes]) -> None:
        self._secrets = tuple(_made(force_bytes(secret)) for secret in secrets)

    def names(self, kind: str, message: bytes) -> list[str]:
        """Return where a message is kept, under the first secret and its elders."""
        return [secret.name(kind, message) for secret in self._secrets]

    @sensitive_variables()
    def seal(self, name: str, plain: bytes) -> bytes:
        """Seal for one name alone (AES-256-GCM, NIST SP 800-38D).

        A nonce of 96 random bits is good for 2**32 entries under one secret.
        """
        first, nonce = self._secrets[0], os.urandom(_NONCE)
        head = _VERSION + first.id
        return head + nonce + first.cipher.encrypt(nonce, plain, head + name.encode())

    @sensitive_variables()
    def open(self, name: str, box: object) -> bytes | None:
        """Return what was sealed for this name, None if it does not open."""
        if not isinstance(box, bytes):
            return None
        head, nonce = box[: 1 + _ID], box[1 + _ID : 1 + _ID + _NONCE]
        for secret in self._secrets:
            if head == _VERSION + secret.id:
                try:
                    sealed = box[1 + _ID + _NONCE :]
                    return secret.cipher.decrypt(nonce, sealed, head + name.encode())
                except (InvalidTag, ValueError):
                    return None
        return None


@lru_cache(maxsize=16)
def _made(secret: bytes) -> _Secret:
    return _Secret(secret)
