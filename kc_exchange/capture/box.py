"""Seal bytes under SECRET_KEY (AES-256-GCM, NIST SP 800-38D; HKDF, RFC 5869).

`purpose` makes another key for each kind of text, `bound_to` is associated data: a text
opens for the purpose and the owner it was sealed for, and for nothing else.
`SECRET_KEY_FALLBACKS` still open.
"""

from __future__ import annotations

import binascii
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.encoding import force_bytes
from django.views.decorators.debug import sensitive_variables

_NONCE = 12
_SALT = b"kc_exchange.capture.seal"


@sensitive_variables()
def close(plain: bytes, purpose: bytes, bound_to: bytes) -> str:
    """Return `plain` sealed, as text that fits a URL."""
    nonce = os.urandom(_NONCE)
    cipher = _cipher(settings.SECRET_KEY, purpose)
    return urlsafe_b64encode(nonce + cipher.encrypt(nonce, plain, bound_to)).decode()


@sensitive_variables()
def opened(sealed: str, purpose: bytes, bound_to: bytes) -> bytes | None:
    """Return what `close` was given, None if it does not open."""
    box = _decoded(sealed)
    nonce, rest = box[:_NONCE], box[_NONCE:]
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            return _cipher(secret, purpose).decrypt(nonce, rest, bound_to)
        except (InvalidTag, ValueError):
            continue
    return None


@sensitive_variables()
def digests(salt: str, text: str) -> list[str]:
    """Return what finds `text` in a table that must not show it (HMAC-SHA-256).

    Hexadecimal, under SECRET_KEY first, then under each of SECRET_KEY_FALLBACKS.
    """
    return [
        salted_hmac(salt, text, secret=secret, algorithm="sha256").hexdigest()
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]


@lru_cache(maxsize=16)
def _cipher(secret: str | bytes, purpose: bytes) -> AESGCM:
    key = HKDF(SHA256(), length=32, salt=_SALT, info=purpose).derive(
        force_bytes(secret)
    )
    return AESGCM(key)


def _decoded(sealed: str) -> bytes:
    try:
        return urlsafe_b64decode(sealed)
    except (binascii.Error, ValueError):
        return b""
