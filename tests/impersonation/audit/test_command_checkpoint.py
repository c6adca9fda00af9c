"""`kc_exchange audit checkpoint` and `keygen`."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from kc_exchange.impersonation.audit.notes import parse_verifier
from tests.impersonation.audit.commands import fails, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.impersonation.audit.history import History
    from tests.impersonation.audit.owner import Owner


def test_checkpoint__is_printed(history: History) -> None:
    history.write()

    assert run("checkpoint") == history.checkpoint().decode()


def test_checkpoint__is_written_and_followed_by_the_next(
    history: History, tmp_path: Path
) -> None:
    """The file that is there is the former one."""
    path = tmp_path / "checkpoint"
    history.write()
    said = run("checkpoint", "--output", path)
    assert said == f"Signed 9 events; keep {path} on another machine.\n"
    assert path.read_bytes() == history.checkpoint()
    history.write()
    run("checkpoint", "--output", path)

    assert path.read_bytes() == history.checkpoint()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_checkpoint__is_not_signed_against_the_former(
    history: History, owner: Owner, tmp_path: Path
) -> None:
    """A log never signs two histories: not even if told to."""
    path, other = tmp_path / "checkpoint", tmp_path / "other"
    run("checkpoint", "--output", path)
    before = path.read_bytes()
    owner.rewrite(6, lambda said: said.update(code="x"))

    for arguments in (
        ("--output", path),
        ("--previous", path),
        ("--previous", path, "--output", other),
    ):
        out, error = fails(1, "checkpoint", *arguments)
        assert error.startswith("Nothing is signed. Tampered with. Records 1 to 13")
        assert out == ""

    assert path.read_bytes() == before
    assert not other.exists()


def test_checkpoint__is_not_signed_against_one_of_two(
    history: History, tmp_path: Path
) -> None:
    """Both count: the one that is named, and the one that is there."""
    history.write()
    path, there = tmp_path / "checkpoint", tmp_path / "there"
    path.write_bytes(history.checkpoint())
    there.write_bytes(history.checkpoint(root=b"\x07" * 32))

    _, error = fails(1, "checkpoint", "--previous", path, "--output", there)

    assert "(checkpoint_inconsistent)" in error


def test_checkpoint__is_not_signed_of_a_shorter_record(
    history: History, owner: Owner, tmp_path: Path
) -> None:
    path = tmp_path / "checkpoint"
    run("checkpoint", "--output", path)
    owner.delete(13)
    owner.set_head(12, owner.event(12).hash)

    _, error = fails(1, "checkpoint", "--output", path)

    assert "(truncated)" in error


def test_checkpoint__is_not_signed_of_an_altered_record(
    history: History, owner: Owner
) -> None:
    owner.update(6, payload=b"{}")

    _, error = fails(1, "checkpoint")

    assert error.startswith("Nothing is signed. Tampered with. Record 6: ")


def test_checkpoint__does_not_take_the_place_of_something_else(
    history: History, tmp_path: Path
) -> None:
    path = tmp_path / "report.txt"
    path.write_text("important")

    fails(2, "checkpoint", "--output", path)

    assert path.read_text() == "important"


def test_checkpoint__is_not_signed_with_a_key_that_nobody_believes(
    history: History, settings: Any, tmp_path: Path
) -> None:
    vkey = run("keygen", tmp_path / "new.pem").strip()
    audit = {**settings.KC_EXCHANGE["AUDIT"], "SIGNING_KEY": tmp_path / "new.pem"}
    audit["SIGNING_KEY"] = str(audit["SIGNING_KEY"])
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "AUDIT": audit}

    _, error = fails(2, "checkpoint")

    assert vkey in error


def test_checkpoint__cannot_be_written(history: History, tmp_path: Path) -> None:
    _, error = fails(2, "checkpoint", "--output", tmp_path / "none" / "checkpoint")

    assert "No such file or directory" in error


def test_keygen__writes_a_key_for_its_owner(history: History, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.unlink()

    vkey = run("keygen", path).strip()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key: Any = load_pem_private_key(path.read_bytes(), None)
    verifier = parse_verifier(vkey)
    assert verifier.name == "shop.example/audit"
    assert verifier.public == key.public_key().public_bytes_raw()


def test_keygen__never_writes_over_a_file(history: History, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    before = path.read_bytes()

    _, error = fails(2, "keygen", path)

    assert "exists" in error
    assert path.read_bytes() == before


def test_keygen__needs_an_origin(settings: Any, tmp_path: Path) -> None:
    _, error = fails(2, "keygen", tmp_path / "key.pem")
    assert "ORIGIN" in error
    for origin in ("shop example", "a+b", " "):
        fails(2, "keygen", tmp_path / "key.pem", "--origin", origin)
    assert list(tmp_path.iterdir()) == []

    vkey = run("keygen", tmp_path / "key.pem", "--origin", "other.example")
    assert vkey.startswith("other.example+")


def test_keygen__prints_no_private_key(history: History, tmp_path: Path) -> None:
    said = run("keygen", tmp_path / "new.pem")

    body = (tmp_path / "new.pem").read_text().splitlines()[1]
    assert body not in said


def test_keygen__makes_a_key_that_works(
    history: History, settings: Any, tmp_path: Path
) -> None:
    """What it wrote and printed goes into the settings as it is."""
    vkey = run("keygen", tmp_path / "new.pem").strip()
    audit = {
        "ORIGIN": "shop.example/audit",
        "SIGNING_KEY": str(tmp_path / "new.pem"),
        "VERIFY_KEYS": [vkey],
    }
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "AUDIT": audit}
    history.write()

    run("checkpoint", "--output", tmp_path / "checkpoint")

    said = run("verify", "--checkpoint", tmp_path / "checkpoint")
    assert "Checkpoints that agree: 1." in said
