"""`manage.py kc_exchange audit`, with its texts and its exit codes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command

from tests.impersonation.audit.commands import exit_code, fails, run
from tests.impersonation.audit.tools import connected

if TYPE_CHECKING:
    from pathlib import Path

    from tests.impersonation.audit.history import History
    from tests.impersonation.audit.owner import Owner


def test_verify__of_a_sound_record(history: History) -> None:
    history.write()

    assert run("verify") == "Sound: 9 events, each link checked.\n"


def test_verify__of_a_sound_record_as_json(history: History) -> None:
    history.write()

    said = json.loads(run("verify", "--json"))

    assert (said["sound"], said["exit_code"], said["size"]) == (True, 0, 9)
    assert said["first"] is None
    assert len(said["root"]) == 64


def test_verify__of_an_altered_record(history: History, owner: Owner) -> None:
    """Exit 1; the first bad record is named, and the rest counted."""
    owner.update(6, payload=b"{}")
    owner.update(9, target_name="bob")

    out, error = fails(1, "verify")

    assert out == (
        "payload_changed 6: Its payload does not fit its hash.\n"
        "column_changed 9: Its payload says otherwise than target_name.\n"
    )
    assert error.startswith(
        "Tampered with. Record 6: Its payload does not fit its hash. "
        "(payload_changed) And 1 more.\nFix: "
    )


def test_verify__of_an_altered_record_as_json(history: History, owner: Owner) -> None:
    owner.update(6, payload=b"{}")

    out, _ = fails(1, "verify", "--json")

    said = json.loads(out)
    assert (said["sound"], said["exit_code"]) == (False, 1)
    assert said["first"] == {
        "reason": "payload_changed",
        "seq": 6,
        "last": None,
        "grant": None,
        "sentence": "Its payload does not fit its hash.",
    }
    assert said["counts"] == {"payload_changed": 1}


def test_verify__of_many_findings(history: History) -> None:
    history.write(requests=60)
    history.owner.drop_triggers()
    history.owner.run("UPDATE kc_exchange_auditevent SET outcome = 'unknown'")

    out, _ = fails(1, "verify")

    assert out.endswith("\n... and 23 more\n")
    assert len(out.splitlines()) == 101


def test_verify__prints_warnings_and_notes(history: History) -> None:
    history.write()
    history.owner.drop_triggers()
    long_ago = {"occurred_at": "2020-01-01T00:00:00.000000Z", "type": "request.started"}
    history.owner.rewrite(9, lambda said: said.update(occurred_at="2020-01-01T00:00Z"))
    assert "Warning: The clock went back once" in run("verify")

    history.owner.rewrite(8, lambda said: said.update(long_ago))
    assert "Note: Of 1 requests the outcome is unknown" in run("verify")


def test_verify__against_checkpoints(history: History, tmp_path: Path) -> None:
    history.write()
    first, second = tmp_path / "1", tmp_path / "2"
    first.write_bytes(history.checkpoint())
    history.write()
    second.write_bytes(history.checkpoint())

    assert "Checkpoints that agree: 2.\n" in run(
        "verify", "--checkpoint", first, "--checkpoint", second
    )
    assert "Checkpoints that agree: 2.\n" in run(
        "verify", "--checkpoint", first, second
    )
    said = run("verify", "--since", first, "--checkpoint", second)
    assert said.startswith("Sound: 18 events; of the first 9 only the hashes were read")


def test_verify__of_a_truncated_record(
    history: History, owner: Owner, tmp_path: Path
) -> None:
    path = tmp_path / "checkpoint"
    path.write_bytes(history.checkpoint())
    owner.delete(13)
    owner.set_head(12, owner.event(12).hash)

    _, error = fails(1, "verify", "--checkpoint", path)

    assert error.startswith("Tampered with. Record 13: A checkpoint was signed when")


@pytest.mark.parametrize("option", ["--checkpoint", "--since"])
def test_verify__cannot_read_the_checkpoint(
    history: History, tmp_path: Path, option: str
) -> None:
    """Exit 2: nothing is known of the record."""
    path = tmp_path / "checkpoint"
    _, error = fails(2, "verify", option, path)
    assert error.startswith(f"{path}: No such file or directory.\nFix: ")

    _, error = fails(2, "verify", option, tmp_path)
    assert "Is a directory" in error

    path.write_text("nothing")
    _, error = fails(2, "verify", option, path)
    assert error.startswith("Checkpoint 1 is none: it has no signature.\nFix: ")


@pytest.mark.parametrize(
    ("audit", "names"),
    [
        ({}, "AUDIT']['ORIGIN'"),
        ({"ORIGIN": "shop.example/audit"}, "AUDIT']['SIGNING_KEY'"),
        ({"ORIGIN": "shop.example/audit", "SIGNING_KEY": "/none.pem"}, "/none.pem"),
        ({"ORIGIN": "shop.example/audit", "VERIFY_KEYS": ["x"]}, "Key 1 of"),
        ({"ORIGIN": "shop example"}, "ORIGIN"),
    ],
)
def test_verify__has_nothing_to_check_a_checkpoint_with(
    history: History, settings: Any, tmp_path: Path, audit: Any, names: str
) -> None:
    path = tmp_path / "checkpoint"
    path.write_bytes(history.checkpoint())
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "AUDIT": audit}

    _, error = fails(2, "verify", "--checkpoint", path)

    assert names in error


def test_verify__cannot_read_the_database(history: History) -> None:
    """Exit 2, with the cause in the database's words, and the fix."""
    history.owner.run("DROP TABLE kc_exchange_audithead")

    out, error = fails(2, "verify", "--json")

    assert "no such table: kc_exchange_audithead" in error
    assert "manage.py migrate" in error
    assert json.loads(out)["sound"] is None
    assert json.loads(out)["exit_code"] == 2


def test_verify__of_an_unreachable_database(history: History, tmp_path: Path) -> None:
    nowhere = str(tmp_path / "none" / "record.sqlite3")
    with connected("away", NAME=nowhere):
        _, error = fails(2, "verify", "--database", "away")

    assert "unable to open database file" in error


def test_verify__of_a_newer_record(history: History) -> None:
    history.write()
    history.owner.drop_triggers()
    history.owner.rewrite(9, lambda said: said.update(v=2))

    out, error = fails(2, "verify", "--json")

    assert error.startswith("Cannot tell. Record 9 is of a version")
    assert json.loads(out)["sound"] is None


def test_verify__of_another_database(history: History) -> None:
    history.write()

    assert run("verify", "--database", "record").startswith("Sound: 9 events")
    assert exit_code("verify", "--database", "nowhere") == 2


def test_command__needs_a_subcommand() -> None:
    for arguments in ([], ["audit"]):
        with pytest.raises(CommandError):
            call_command("kc_exchange", *arguments)


def test_exit_codes__of_the_command_line(
    history: History, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """0 sound, 1 tampered with, 2 cannot tell, and 2 for a wrong option."""
    history.write()
    assert exit_code("verify") == 0
    assert exit_code("verify", "--checkpoint", tmp_path / "none") == 2
    assert exit_code("verify", "--wrong") == 2
    assert exit_code("wrong") == 2
    history.owner.drop_triggers()
    history.owner.update(5, payload=b"")

    assert exit_code("verify") == 1
    assert exit_code("verify", "--json") == 1
    assert "Tampered with. Record 5" in capfd.readouterr().err
