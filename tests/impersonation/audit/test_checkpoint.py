"""Checkpoints: their form, their keys, and what they show."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from django.core.exceptions import ImproperlyConfigured

from kc_exchange.impersonation.audit.checkpoint import (
    Checkpoint,
    OtherOrigin,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
    signer,
    verifiers,
)
from kc_exchange.impersonation.audit.merkle import Tree
from kc_exchange.impersonation.audit.notes import MalformedNote, Signer
from kc_exchange.impersonation.audit.report import CannotTell
from kc_exchange.models import AuditEvent
from tests.impersonation.audit.tools import ORIGIN

if TYPE_CHECKING:
    from pathlib import Path

    from tests.impersonation.audit.history import History

# https://c2sp.org/tlog-checkpoint, the example's text
BEHIND_THE_SOFA = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
"""
ROOT = base64.b64encode(b"\x07" * 32).decode()


@pytest.fixture
def other() -> Signer:
    return Signer(ORIGIN, ed25519.Ed25519PrivateKey.generate())


def test_text__is_that_of_the_specification() -> None:
    checkpoint = parse_checkpoint(BEHIND_THE_SOFA)

    assert checkpoint.origin == "example.com/behind-the-sofa"
    assert checkpoint.size == 20_852_163
    assert checkpoint.text() == BEHIND_THE_SOFA


def test_text__may_have_more_lines() -> None:
    """Extension lines are opaque, and ignored."""
    checkpoint = parse_checkpoint(f"{BEHIND_THE_SOFA}more\nand more\n")

    assert checkpoint == parse_checkpoint(BEHIND_THE_SOFA)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n5\n",
        f"origin\n\n{ROOT}\n",
        f"\n5\n{ROOT}\n",
        f"origin\n05\n{ROOT}\n",
        f"origin\n-5\n{ROOT}\n",
        f"origin\n+5\n{ROOT}\n",
        f"origin\n5.0\n{ROOT}\n",
        f"origin\n\N{ARABIC-INDIC DIGIT FIVE}\n{ROOT}\n",
        f"origin\n{10**40}\n{ROOT}\n",
        "origin\n5\nroot\n",
        f"origin\n5\n{ROOT[:-1]}\n",
        f"origin\n5\n{base64.b64encode(b'short').decode()}\n",
        f"origin\n5\n{ROOT} \n",
        f"origin\n5\n{ROOT}\n\n\nmore\n",
    ],
)
def test_text__of_what_is_no_checkpoint(text: str) -> None:
    with pytest.raises(MalformedNote):
        parse_checkpoint(text)


def test_open__of_another_record(other: Signer) -> None:
    note = sign_checkpoint(Checkpoint("elsewhere", 5, b"\x07" * 32), other)

    with pytest.raises(OtherOrigin, match="elsewhere"):
        open_checkpoint(note.encode(), [other.verifier], ORIGIN)


def test_root__is_of_the_hashes_in_their_order(history: History) -> None:
    """The data of a leaf are the 32 bytes of an event's hash."""
    history.write()
    tree = Tree()
    for digest in AuditEvent.objects.order_by("seq").values_list("hash", flat=True):
        tree.add(bytes.fromhex(digest))

    lines = history.checkpoint().decode().splitlines()

    assert lines[:4] == [ORIGIN, "9", base64.b64encode(tree.root()).decode(), ""]
    assert lines[4].startswith(f"— {ORIGIN} ")


def pem(key: Any, encryption: Any = None) -> bytes:
    how = encryption or NoEncryption()
    data: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)
    return data


def configured(settings: Any, **audit: Any) -> None:
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "AUDIT": audit}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no key",
        pem(rsa.generate_private_key(65537, 2048)),
        pem(ed25519.Ed25519PrivateKey.generate(), BestAvailableEncryption(b"secret")),
    ],
)
def test_signer__is_no_ed25519_key(settings: Any, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(data)
    configured(settings, ORIGIN=ORIGIN, SIGNING_KEY=str(path))

    with pytest.raises(CannotTell, match="signing key") as caught:
        signer()

    assert "Fix: " in str(caught.value)


def test_signer__is_missing(settings: Any, tmp_path: Path) -> None:
    configured(settings, ORIGIN=ORIGIN, SIGNING_KEY=str(tmp_path / "none.pem"))
    with pytest.raises(CannotTell, match=r"none\.pem cannot be read"):
        signer()

    configured(settings, ORIGIN=ORIGIN)
    with pytest.raises(CannotTell, match="SIGNING_KEY"):
        signer()

    configured(settings)
    with pytest.raises(CannotTell, match="SIGNING_KEY"):
        verifiers()


def test_origin__is_missing(history: History, settings: Any) -> None:
    note = history.checkpoint()
    configured(settings, VERIFY_KEYS=[str(history.signer.verifier)])

    with pytest.raises(CannotTell, match="ORIGIN"):
        history.verify(note)


def test_verifiers__are_those_of_the_signer_where_none_is_set(
    history: History, settings: Any
) -> None:
    audit = dict(settings.KC_EXCHANGE["AUDIT"], VERIFY_KEYS=[])
    configured(settings, **audit)

    assert verifiers() == [history.signer.verifier]


def test_verifiers__are_wrong(settings: Any) -> None:
    configured(settings, ORIGIN=ORIGIN, VERIFY_KEYS=["no key"])
    with pytest.raises(CannotTell, match="Key 1 of"):
        verifiers()

    configured(settings, ORIGIN=ORIGIN, VERIFY_KEYS="no list")
    with pytest.raises(ImproperlyConfigured):
        verifiers()
