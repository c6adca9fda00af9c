"""What the README lists is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kc_exchange import exceptions
from kc_exchange.conf.impersonation_values import Audit, Impersonation
from kc_exchange.conf.parse import REALM, TOP
from kc_exchange.conf.parse_downstream import DOWNSTREAM
from kc_exchange.conf.parse_impersonation import AUDIT, IMPERSONATION
from kc_exchange.conf.parse_provider import PROVIDER
from kc_exchange.conf.parse_shared import SHARED
from kc_exchange.drf import NotWhileImpersonating
from kc_exchange.impersonation import errors, permissions
from kc_exchange.impersonation.audit.export import FORMATS
from kc_exchange.impersonation.audit.report import Reason
from kc_exchange.models import AuditEvent, ImpersonationGrant

PROJECT = Path(__file__).parent.parent
README = (PROJECT / "README.md").read_text()
PARTS = {"REALMS", "DOWNSTREAMS", "PROVIDERS", "IMPERSONATION", "AUDIT"}
"""Keys of KC_EXCHANGE that have a table of their own."""
GROUPS = {
    exceptions.ExchangeError,
    exceptions.DownstreamError,
    errors.ImpersonationError,
}


def section(heading: str) -> str:
    """Return what is below a heading, up to the next one."""
    return re.split(r"\n#+ ", README.split(f"# {heading}\n")[1])[0]


def table(first: str, within: str = README) -> list[list[str]]:
    """Return the cells of the table whose heading begins with `first`, row by row."""
    rest = within[within.index(f"\n| {first} |") :].lstrip("\n").split("\n")
    lines = rest[2 : next(i for i, line in enumerate(rest) if line[:1] != "|")]
    return [[cell.strip() for cell in line.split(" | ")] for line in lines]


def quoted(text: str) -> list[str]:
    """Return what stands between backticks, if it is a word of the code."""
    return re.findall(r"`([\w.]+)`", text)


def rows(heading: str) -> list[str]:
    """Return the words of the code in the first cells of the tables below a heading."""
    lines = [line for line in section(heading).splitlines() if line[:1] == "|"]
    return [name for line in lines for name in quoted(line.split("|")[1])]


def kinds() -> dict[str, type[exceptions.ExchangeError]]:
    """Return the errors that a project meets, by their names."""
    found = [*vars(exceptions).values(), *vars(errors).values()]
    return {
        kind.__name__: kind
        for kind in found
        if isinstance(kind, type)
        and issubclass(kind, exceptions.ExchangeError)
        and kind not in GROUPS
    }


def test_settings_table__has_every_key() -> None:
    """No key is missing, none is invented."""
    known = REALM | DOWNSTREAM | PROVIDER | SHARED
    assert set(rows("Settings")) == (TOP - PARTS) | known


def test_settings_of_impersonation__have_every_key() -> None:
    assert set(rows("Settings of impersonation")) == IMPERSONATION | AUDIT


@pytest.mark.parametrize("defaults", [Impersonation(), Audit()])
def test_settings_of_impersonation__have_their_defaults(defaults: object) -> None:
    """A default that is one value stands in its row."""
    said: dict[str, str] = {}
    for line in section("Settings of impersonation").splitlines():
        if line.startswith("| `"):
            keys, values = line.split("|")[1:3]
            said |= dict(
                zip(quoted(keys), re.findall(r"`(.*?)`", values), strict=False)
            )
    for key in IMPERSONATION | AUDIT:
        value = getattr(defaults, key.lower(), "")
        if isinstance(value, bool | int | str) and value != "":
            assert said[key] == str(value)


def test_errors_table__has_every_error() -> None:
    """Each error of the tree has its row, with the status that a page answers."""
    assert sorted(rows("Errors")) == sorted(kinds())


@pytest.mark.parametrize("name", sorted(kinds()))
def test_errors_table__status(name: str) -> None:
    """The page's status in the table is the one in the code."""
    row = next(line for line in README.splitlines() if line.startswith(f"| `{name}`"))

    assert row.split("|")[2].strip() == str(kinds()[name].http_status)


def test_permissions_table__has_every_permission() -> None:
    meta = ImpersonationGrant._meta
    own = {codename for codename, _ in meta.permissions}
    views = {"view_impersonationgrant", "view_auditevent"}

    listed = [name for row in table("permission") for name in quoted(row[0])]

    assert sorted(listed) == sorted(f"kc_exchange.{name}" for name in own | views)
    assert listed[:2] == [permissions.IMPERSONATE, permissions.READ_WRITE]


def test_types_table__has_every_type_of_event() -> None:
    names = [name for row in table("type") for name in quoted(row[0])]

    assert sorted(names) == sorted(AuditEvent.Type.values)


def test_causes_table__has_every_cause() -> None:
    names = [
        name for row in table("a grant ends because of") for name in quoted(row[1])
    ]

    assert sorted(names) == sorted(ImpersonationGrant.Cause.values)


def test_reasons_table__has_every_reason_of_verify() -> None:
    names = [name for row in table("what is wrong") for name in quoted(row[1])]

    assert set(names) == set(Reason)


def test_at_keycloak_table__has_every_value() -> None:
    names = [
        name
        for row in table("`AT_KEYCLOAK`")
        for name in re.findall(r"`([\w-]+)`", row[0])
    ]

    assert names == ["required", "if-known", "never"]


def test_checks__of_impersonation_are_all_named() -> None:
    """Numbers E017 to E025 and W007 to W023 belong to impersonation."""
    said = section("Settings of impersonation").split("\nChecks:")[1]

    assert numbers(said) == {n for n in used_numbers() if is_of_impersonation(n)}


def test_checks__of_all_else_are_all_named() -> None:
    said = section("Settings").split("\n`manage.py check` names")[1].split("\n\n")[0]

    assert numbers(said) == {n for n in used_numbers() if not is_of_impersonation(n)}


def is_of_impersonation(number: str) -> bool:
    return "E017" <= number <= "E025" or "W007" <= number <= "W023"


def used_numbers() -> set[str]:
    code = "".join(path.read_text() for path in (PROJECT / "kc_exchange").rglob("*.py"))
    return set(re.findall(r'"([EW]\d{3})"', code))


def numbers(said: str) -> set[str]:
    """Return the numbers of checks in a text, those between two of them included."""
    named = set(re.findall(r"`([EW]\d{3})`", said))
    for kind, first, last in re.findall(r"`([EW])(\d{3})`\sto\s`\1(\d{3})`", said):
        named |= {f"{kind}{number:03}" for number in range(int(first), int(last) + 1)}
    return named


def test_formats__of_an_export_are_named() -> None:
    record = section("The record")

    assert all(f"`{name}`" in record or f" {name}" in record for name in FORMATS)


def test_views__can_be_guarded_as_shown() -> None:
    """Every name that the README imports from this package is there."""
    code = "\n".join(re.findall(r"```python\n(.*?)```", README, re.DOTALL))
    imports = re.findall(
        r"^from (kc_exchange[\w.]*) import ([\w, ]+)", code, re.MULTILINE
    )

    assert "kc_exchange.impersonation" in [module for module, _ in imports]
    for module, names in imports:
        exec(f"from {module} import {names}", {})  # noqa: S102 - the README's own code
    assert NotWhileImpersonating.__name__ in README


def test_two_commands__are_there() -> None:
    """The commands that CI runs are those that a reader copies."""
    create = "python3 -m venv .venv && .venv/bin/pip install -q -e"

    assert f"{create} '.[demo]' && .venv/bin/python manage.py demo\n" in README
    assert f"{create} '.[test]' && .venv/bin/pytest -n auto\n" in README
