"""`kc_exchange audit keygen`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from kc_exchange.impersonation.audit.checkpoint import origin
from kc_exchange.impersonation.audit.notes import MalformedNote, Signer, parse_name
from kc_exchange.management.files import write_new
from kc_exchange.management.outcome import unable

if TYPE_CHECKING:
    from django.core.management.base import OutputWrapper


def make_key(stdout: OutputWrapper, options: dict[str, Any]) -> None:
    """Write a private key, print its verifier key."""
    name = options["origin"] or origin()
    try:
        parse_name(name)
    except MalformedNote as error:
        raise unable(
            f"{name!r} is no origin: {error}.", "Write 'shop.example.com/audit'."
        ) from error
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        write_new(options["file"], pem)
    except FileExistsError as error:
        raise unable(
            f"{options['file']} exists; a key is never written over.",
            "Choose another path, or move the old key away.",
        ) from error
    stdout.write(str(Signer(name, key).verifier))
