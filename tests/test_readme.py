"""What the README lists is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kc_exchange import exceptions
from kc_exchange.conf.parse import DOWNSTREAM, REALM, TOP

README = (Path(__file__).parent.parent / "README.md").read_text()


def rows(heading: str) -> list[str]:
    """First cells of the tables below a heading."""
    section = README.split(f"### {heading}\n")[1].split("\n#")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line[:1] == "|"]
    return [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]


def leaves() -> set[str]:
    kinds = {
        kind
        for kind in vars(exceptions).values()
        if isinstance(kind, type) and issubclass(kind, exceptions.ExchangeError)
    }
    groups = {exceptions.ExchangeError, exceptions.DownstreamError}
    return {kind.__name__ for kind in kinds - groups}


def test_settings_table__has_every_key() -> None:
    """No key is missing, none is invented."""
    keys = (TOP - {"REALMS", "DOWNSTREAMS"}) | REALM | DOWNSTREAM

    assert set(rows("Settings")) == keys


def test_errors_table__has_every_error() -> None:
    """Each error of the tree has its row, with the status that a page answers."""
    assert set(rows("Errors")) == leaves()


@pytest.mark.parametrize("name", sorted(leaves()))
def test_errors_table__status(name: str) -> None:
    """The page's status in the table is the one in the code."""
    row = next(line for line in README.splitlines() if line.startswith(f"| `{name}`"))

    assert row.split("|")[2].strip() == str(getattr(exceptions, name).http_status)


def test_two_commands__are_there() -> None:
    """The commands that CI runs are those that a reader copies."""
    create = "python3 -m venv .venv && .venv/bin/pip install -q -e"

    assert f"{create} '.[demo]' && .venv/bin/python manage.py demo\n" in README
    assert f"{create} '.[test]' && .venv/bin/pytest\n" in README
