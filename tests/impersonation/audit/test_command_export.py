"""`kc_exchange audit export`."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any

import pytest

from tests.impersonation.audit.commands import exit_code, fails, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.impersonation.audit.history import History


@pytest.mark.parametrize(("form", "lines"), [("ecs", 9), ("ocsf", 9), ("csv", 10)])
def test_export__is_printed_or_written(
    history: History, tmp_path: Path, form: str, lines: int
) -> None:
    history.write()
    path = tmp_path / "export"

    printed = run("export", "--format", form)
    said = run("export", "--format", form, "--output", path)

    assert said == ""
    assert path.read_bytes().decode() == printed
    assert len(printed.splitlines()) == lines
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_export__is_of_what_is_asked_for(history: History) -> None:
    first, second = history.write(requests=0), history.write(requests=0)

    def count(*arguments: object) -> int:
        return len(run("export", "--format", "ecs", *arguments).splitlines())

    assert count("--grant", first.pk) == 3
    assert count("--operator", "sam", "--target", "anna") == 6
    assert count("--operator", "anna") == 0
    assert count("--from", "2020-01-01", "--to", "2100-01-01") == 6
    assert count("--to", "2020-01-01") == 0
    assert count("--from", second.started_at.isoformat()) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("--from", "yesterday"),
        ("--to", "2026-13-01"),
        ("--grant", "x"),
        ("--format", "xml"),
    ],
)
def test_export__of_what_is_wrong(history: History, arguments: Any) -> None:
    assert exit_code("export", "--format", "ecs", *arguments) == 2


def test_export__fails_and_leaves_the_former_file(
    history: History, tmp_path: Path
) -> None:
    path = tmp_path / "export"
    path.write_text("former")
    history.owner.run("DROP TABLE kc_exchange_auditevent")

    fails(2, "export", "--format", "ecs", "--output", path)

    assert path.read_text() == "former"
    assert {p.name for p in tmp_path.iterdir()} >= {"export"}
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]
