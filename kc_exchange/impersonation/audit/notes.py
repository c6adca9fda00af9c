"""Signed notes and their verifier keys (C2SP signed-note), with Ed25519.

A note is text, an empty line, and lines of signatures:
`— NAME BASE64(key id, 4 bytes || signature)`. A verifier key is
`NAME+HEX(key id)+BASE64(0x01 || public key)`. https://c2sp.org/signed-note
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 1 << 20
"""Bytes of a note at the most: more than 100 signatures of any kind that C2SP has."""
_ED25519 = b"\x01"
_NAME = re.compile(r"[^\s+]+")
_ID = re.compile(r"[0-9a-f]{8}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoteError(ValueError):
    """A note, or a verifier key, is not what it should be."""


class MalformedNote(NoteError):
    """The text does not have the form of a note, or of a key."""


class UnknownKey(NoteError):
    """No key that is believed has signed."""


class BadSignature(NoteError):
    """A key that is believed has not signed this text, though the note says so."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A key that is believed: its name, and the public key."""

    name: str
    public: bytes
    """32 bytes (RFC 8032)."""

    @property
    def id(self) -> bytes:
        """The first 4 bytes of SHA-256(name || newline || 0x01 || public key)."""
        said = f"{self.name}\n".encode() + _ED25519 + self.public
        return sha256(said).digest()[:4]

    def __str__(self) -> str:
        encoded = base64.b64encode(_ED25519 + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{encoded}"

    def check(self, text: bytes, signature: bytes) -> None:
        """Return if the key signed `text`.

        Raises:
            BadSignature: it did not.
        """
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except InvalidSignature:
            raise BadSignature(
                f"the signature of {self.name} does not fit the text"
            ) from None


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key under its name."""

    name: str
    key: Ed25519PrivateKey = field(repr=False)

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.name, self.key.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """Return the note: `text`, which ends in a newline, and its signature."""
        signature = self.verifier.id + self.key.sign(text.encode())
        return f"{text}\n— {self.name} {base64.b64encode(signature).decode()}\n"


def parse_verifier(text: str) -> Verifier:
    """Return the verifier key that `text` is.

    Raises:
        MalformedNote: it is none, is of another algorithm, or its id does not fit.
    """
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = _decoded(encoded)
    if not _NAME.fullmatch(name) or not _ID.fullmatch(key_id) or raw is None:
        raise MalformedNote("it is not of the form name+id+base64")
    if raw[:1] != _ED25519 or len(raw) != 1 + 32:
        raise MalformedNote("it is not an Ed25519 key")
    verifier = Verifier(name, raw[1:])
    if verifier.id.hex() != key_id:
        raise MalformedNote("its id does not fit its name and key")
    return verifier


def parse_name(name: str) -> str:
    """Return `name` if a key may have it.

    Raises:
        MalformedNote: it is empty, or has blanks or plus signs.
    """
    if not _NAME.fullmatch(name):
        raise MalformedNote("a name is not empty and has no blanks or plus signs")
    return name


def open_note(note: bytes, verifiers: Iterable[Verifier]) -> str:
    """Return the text of `note` if one of `verifiers` signed it.

    Signatures of other keys are ignored (a witness may have added them); one that
    claims a known key, and is wrong, spoils the note.

    Raises:
        MalformedNote: it is no note.
        UnknownKey: none of `verifiers` signed it.
        BadSignature: one of them is said to have, and has not.
    """
    text, lines = _split(note)
    known = {(verifier.name, verifier.id): verifier for verifier in verifiers}
    signed = False
    for line in lines:
        name, signature = _signature(line)
        verifier = known.get((name, signature[:4]))
        if verifier is not None:
            verifier.check(text.encode(), signature[4:])
            signed = True
    if not signed:
        names = sorted({_signature(line)[0] for line in lines})
        raise UnknownKey(f"it is signed by {', '.join(names)}, with no key of yours")
    return text


def _split(note: bytes) -> tuple[str, list[str]]:
    if len(note) > LONGEST:
        raise MalformedNote(f"it is longer than {LONGEST} bytes")
    try:
        whole = note.decode()
    except UnicodeDecodeError:
        raise MalformedNote("it is not UTF-8") from None
    if _CONTROL.search(whole):
        raise MalformedNote("it has control characters")
    text, separator, signatures = whole.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise MalformedNote("it has no signature")
    return f"{text}\n", signatures[:-1].split("\n")


def _signature(line: str) -> tuple[str, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    raw = _decoded(encoded)
    if dash != "—" or not _NAME.fullmatch(name) or raw is None or len(raw) <= 4:  # noqa: PLR2004 - the id
        raise MalformedNote("a line of its signatures is none")
    return name, raw


def _decoded(text: str) -> bytes | None:
    """Strict standard base64 with its padding; None for anything else."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.b64encode(raw).decode() == text else None
