"""The key of a cache entry: everything that decides which token it is."""

from __future__ import annotations

import hmac
import os

from kc_exchange.cache.marks import issuer_mark, owners_of
from kc_exchange.tokens import Secret

_key = os.urandom(32)


class Key:
    """What an entry is found by, and what it stands or falls by.

    `digest` is for this process: its HMAC's key lives and dies with it, so that a
    digest confirms no guessed token. `message` is for the shared cache, which has
    keys of its own. `subject` is what `owners_of` takes of the token that the entry was
    obtained for; it is read when the owners are first asked for.
    """

    __slots__ = ("_owners", "_subject", "digest", "issuers", "message")

    def __init__(
        self,
        message: bytes,
        issuers: tuple[str, str] = ("", ""),
        subject: tuple[str, ...] | None = None,
    ) -> None:
        self.message = message
        self.digest = hmac.digest(_key, message, "sha256")
        self.issuers = tuple(map(issuer_mark, issuers))
        self._subject = subject
        self._owners: tuple[bytes, ...] | None = None

    @property
    def owners(self) -> tuple[bytes, ...]:
        """The marks of the session and the person; none of a service account's."""
        if self._owners is None:
            self._owners = owners_of(*self._subject) if self._subject else ()
        return self._owners

    @property
    def marks(self) -> tuple[bytes, ...]:
        """Every mark whose end is the entry's end."""
        return (*self.issuers, *self.owners)


def cache_key(
    *parts: str,
    issuers: tuple[str, str] = ("", ""),
    subject: tuple[str, ...] | None = None,
) -> Key:
    """Return the key that these parts make.

    Each part is preceded by its length, so that no two lists of parts run into the
    same text.
    """
    raw = [part.encode() for part in parts]
    message = b"".join(b"%d:%b" % (len(part), part) for part in raw)
    kept = None if subject is None else (subject[0], *map(Secret, subject[1:]))
    return Key(message, issuers, kept)
