"""Signed checkpoints of the record (C2SP tlog-checkpoint, Ed25519).

A checkpoint says: the record of this origin has so many events, and this is the root
of their Merkle tree (RFC 6962). The leaves are the events in their order; the data of
a leaf are the 32 bytes of the event's chain hash, so each leaf stands for its event
and for all before it. Kept outside of the database, a checkpoint shows what the
database's owner could hide otherwise: a record that was cut off at its end, or
computed anew. https://c2sp.org/tlog-checkpoint
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from kc_exchange import conf
from kc_exchange.impersonation.audit.notes import (
    MalformedNote,
    Signer,
    Verifier,
    open_note,
    parse_verifier,
)
from kc_exchange.impersonation.audit.report import CannotTell

if TYPE_CHECKING:
    from collections.abc import Iterable

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_ROOT = 32
_LINES = 3


class OtherOrigin(ValueError):
    """A checkpoint is of another record."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The record of `origin`, when it had `size` events and this `root`."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the text that is signed."""
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\n"


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> str:
    """Return the checkpoint as a signed note.

    It is for the caller to know that the record agrees with every checkpoint that was
    signed before: `kc_exchange audit checkpoint` sees to it.
    """
    return signer.sign(checkpoint.text())


def open_checkpoint(
    note: bytes, verifiers: Iterable[Verifier], origin: str
) -> Checkpoint:
    """Return what a signed checkpoint says.

    Args:
        note: the note, as it was exported.
        verifiers: the keys that are believed.
        origin: of the record.

    Raises:
        MalformedNote: it is no checkpoint.
        UnknownKey: none of `verifiers` signed it.
        BadSignature: one of them is said to have, and has not.
        OtherOrigin: it is of another record.
    """
    checkpoint = parse_checkpoint(open_note(note, verifiers))
    if checkpoint.origin != origin:
        raise OtherOrigin(f"it is of {checkpoint.origin}, not of {origin}")
    return checkpoint


def parse_checkpoint(text: str) -> Checkpoint:
    """Return what the text of a checkpoint says; its signature is not looked at.

    Lines after the third are ignored, as the format wants it.

    Raises:
        MalformedNote: it is no checkpoint.
    """
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < _LINES or not all(lines):
        raise MalformedNote("it does not have the three lines of a checkpoint")
    origin, size, encoded = lines[:_LINES]
    try:
        root = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        root = b""
    if len(root) != _ROOT or base64.b64encode(root).decode() != encoded:
        raise MalformedNote("its third line is no hash")
    if not _SIZE.fullmatch(size):
        raise MalformedNote("its second line is no number of events")
    return Checkpoint(origin, int(size), root)


def origin() -> str:
    """Return the name of the record, from the settings.

    Raises:
        CannotTell: there is none.
    """
    name = conf.current().audit.origin
    if not name:
        raise CannotTell(
            "The record has no name: KC_EXCHANGE['AUDIT']['ORIGIN'] is not set.",
            "Set it to a name for good, such as 'shop.example.com/audit'.",
        )
    return name


def signer() -> Signer:
    """Return the key that signs, from the file that the settings name.

    Raises:
        CannotTell: there is none, or it cannot be read.
    """
    path = conf.current().audit.signing_key
    if not path:
        raise CannotTell(
            "No key signs checkpoints: KC_EXCHANGE['AUDIT']['SIGNING_KEY'] is not set.",
            "Run `manage.py kc_exchange audit keygen`, and set it to the file's path.",
        )
    try:
        key = load_pem_private_key(Path(path).read_bytes(), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CannotTell(
            f"The signing key {path} cannot be read ({type(error).__name__}).",
            "Let SIGNING_KEY name an Ed25519 private key in PEM, without a password, "
            "that this process may read.",
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise CannotTell(
            f"The signing key {path} is no Ed25519 key.",
            "Make one with `manage.py kc_exchange audit keygen`.",
        )
    return Signer(origin(), key)


def verifiers() -> list[Verifier]:
    """Return the keys that are believed: VERIFY_KEYS, else that of SIGNING_KEY.

    Raises:
        CannotTell: there is none, or one of them is no verifier key.
    """
    written = conf.current().audit.verify_keys
    if not written:
        return [signer().verifier]
    keys = []
    for number, text in enumerate(written, 1):
        try:
            keys.append(parse_verifier(text))
        except MalformedNote as error:
            raise CannotTell(
                f"Key {number} of KC_EXCHANGE['AUDIT']['VERIFY_KEYS'] is no verifier "
                f"key: {error}.",
                "Copy the line that `manage.py kc_exchange audit keygen` printed.",
            ) from None
    return keys
