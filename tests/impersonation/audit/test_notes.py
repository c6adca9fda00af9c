"""Signed notes, against the published examples, and against what is none."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kc_exchange.impersonation.audit.notes import (
    BadSignature,
    MalformedNote,
    Signer,
    UnknownKey,
    Verifier,
    open_note,
    parse_verifier,
)

# https://c2sp.org/signed-note, "Example"
C2SP_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
C2SP_NOTE = """This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
"""  # noqa: E501
# golang.org/x/mod, sumdb/note/example_test.go: two keys of its own, and their notes.
NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN_SEED = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
NEUMANN_NOTE = f"""{TEXT}
— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
"""  # noqa: E501
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
ENOCH_LINE = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"  # noqa: E501


@pytest.fixture
def signer() -> Signer:
    return Signer("shop.example/audit", Ed25519PrivateKey.generate())


@pytest.mark.parametrize(
    ("key", "note", "text"),
    [
        (C2SP_KEY, C2SP_NOTE, "This is an example message.\n"),
        (NEUMANN, NEUMANN_NOTE, TEXT),
        (NEUMANN, NEUMANN_NOTE + ENOCH_LINE, TEXT),
        (ENOCH, NEUMANN_NOTE + ENOCH_LINE, TEXT),
    ],
)
def test_open__takes_the_published_notes(key: str, note: str, text: str) -> None:
    assert open_note(note.encode(), [parse_verifier(key)]) == text


def test_sign__writes_the_published_note() -> None:
    """Ed25519 has one signature for a key and a text, so the bytes are the same."""
    seed = base64.b64decode(NEUMANN_SEED)[1:]
    peter = Signer("PeterNeumann", Ed25519PrivateKey.from_private_bytes(seed))

    assert peter.sign(TEXT) == NEUMANN_NOTE
    assert str(peter.verifier) == NEUMANN


@pytest.mark.parametrize("key", [C2SP_KEY, NEUMANN, ENOCH])
def test_key__is_written_as_it_was_read(key: str) -> None:
    assert str(parse_verifier(key)) == key


def test_key__of_which_a_part_is_gone() -> None:
    """No proper part of a key is a key."""
    for start in range(len(NEUMANN)):
        for end in range(start, len(NEUMANN) + 1):
            if (start, end) != (0, len(NEUMANN)):
                with pytest.raises(MalformedNote):
                    parse_verifier(NEUMANN[start:end])


def test_key__of_which_one_character_is_another() -> None:
    for place, char in enumerate(NEUMANN):
        changed = NEUMANN[:place] + chr(ord(char) + 1) + NEUMANN[place + 1 :]
        with pytest.raises(MalformedNote):
            parse_verifier(changed)


@pytest.mark.parametrize(
    "key",
    [
        # golang.org/x/mod, sumdb/note/note_test.go: too long; another algorithm.
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        NEUMANN.replace("c74f20a3", "C74F20A3"),
        f"{NEUMANN}\n",
        f" {NEUMANN}",
        "",
    ],
)
def test_key__is_refused(key: str) -> None:
    with pytest.raises(MalformedNote):
        parse_verifier(key)


def test_open__of_an_unknown_key(signer: Signer) -> None:
    with pytest.raises(UnknownKey, match="PeterNeumann"):
        open_note(NEUMANN_NOTE.encode(), [signer.verifier, parse_verifier(ENOCH)])


def test_open__ignores_a_key_of_the_same_name(signer: Signer) -> None:
    """A name or an id alone is no key: both must be known."""
    namesake = Signer(signer.name, Ed25519PrivateKey.generate())
    note = signer.sign("text\n") + namesake.sign("text\n").splitlines()[-1] + "\n"

    assert open_note(note.encode(), [signer.verifier]) == "text\n"
    with pytest.raises(UnknownKey):
        open_note(namesake.sign("text\n").encode(), [signer.verifier])


def test_open__of_a_changed_text(signer: Signer) -> None:
    note = signer.sign("origin\n5\nroot\n").replace("\n5\n", "\n6\n")

    with pytest.raises(BadSignature):
        open_note(note.encode(), [signer.verifier])


def test_open__of_a_good_and_a_bad_signature(signer: Signer) -> None:
    """One wrong signature of a known key spoils the note."""
    other = Signer("witness", Ed25519PrivateKey.generate())
    wrong = other.sign("another text\n").splitlines()[-1]
    note = f"{signer.sign('text' + chr(10))}{wrong}\n".encode()

    assert open_note(note, [signer.verifier]) == "text\n"
    with pytest.raises(BadSignature):
        open_note(note, [signer.verifier, other.verifier])


def test_open__of_a_text_with_empty_lines(signer: Signer) -> None:
    """The signatures begin after the last empty line."""
    text = "one\n\n\ntwo\n"

    assert open_note(signer.sign(text).encode(), [signer.verifier]) == text


@pytest.mark.parametrize("count", [16, 100])
def test_open__of_many_signatures(signer: Signer, count: int) -> None:
    others = [
        Signer(f"w{n}", Ed25519PrivateKey.generate()).sign("text\n")
        for n in range(count)
    ]
    lines = "".join(f"{note.splitlines()[-1]}\n" for note in others)
    note = signer.sign("text\n") + lines

    assert open_note(note.encode(), [signer.verifier]) == "text\n"


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"text\n",
        b"text\n\n",
        NEUMANN_NOTE.rstrip("\n").encode(),
        NEUMANN_NOTE.replace("—", "-").encode(),
        NEUMANN_NOTE.replace("— Peter", "—  Peter").encode(),
        NEUMANN_NOTE.replace("=\n", "\n").encode(),
        NEUMANN_NOTE.replace("\n", "\r\n").encode(),
        NEUMANN_NOTE.replace("PeterNeumann", "Peter Neumann").encode(),
        NEUMANN_NOTE.replace("PeterNeumann", "Peter+Neumann").encode(),
        f"{TEXT}\n— PeterNeumann x08gow==\n".encode(),
        NEUMANN_NOTE.replace("If", "\x1b[2JIf").encode(),
        NEUMANN_NOTE.encode("utf-16"),
        NEUMANN_NOTE.encode() + b"\xff\n",
        NEUMANN_NOTE.encode() + b"\n",
        b"x" * (1 << 20) + NEUMANN_NOTE.encode(),
    ],
)
def test_open__of_what_is_no_note(note: bytes) -> None:
    with pytest.raises(MalformedNote):
        open_note(note, [parse_verifier(NEUMANN)])


def test_signer__hides_its_key(signer: Signer) -> None:
    assert "Ed25519" not in repr(signer)
    assert isinstance(signer.verifier, Verifier)
