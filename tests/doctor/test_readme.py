"""What the README says of `doctor` is so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command

from kc_exchange.admin.doctor_page import RUN_DOCTOR
from kc_exchange.doctor import Finding
from kc_exchange.doctor.catalogue import PARTS
from kc_exchange.models import KeycloakIdentity
from tests.doctor import changes
from tests.doctor.kinds import Kind
from tests.doctor.tokens import Login
from tests.doctor.world import world
from tests.real_keycloak import STANDARD
from tests.test_readme import quoted, section, table

if TYPE_CHECKING:
    from collections.abc import Callable

SECTION = section("Find out why Keycloak refuses")


def test_table__has_every_code() -> None:
    """The codes in the table are those in the code, part by part, in their order."""
    listed = {row[0].strip("| "): quoted(row[1]) for row in table("looked at")}

    assert listed == {part: list(entries) for part, entries in PARTS.items()}


def test_options__are_those_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("kc_exchange", "doctor", "--help")
    own = capsys.readouterr().out.partition("--version")[0]

    options = set(re.findall(r"--[a-z-]+", own)) - {"--help"}

    assert {
        cell for row in table("option", SECTION) for cell in _options(row[0])
    } == options


def _options(cell: str) -> list[str]:
    return re.findall(r"--[a-z-]+", cell)


def test_json__has_the_members_that_are_listed() -> None:
    (row,) = [row for row in table("option", SECTION) if "--json" in row[0]]

    assert quoted(row[1]) == [*Finding.__dataclass_fields__]


def test_permission__is_named() -> None:
    (codename, _), *others = KeycloakIdentity._meta.permissions

    assert others == []
    assert f"kc_exchange.{codename}" == RUN_DOCTOR
    assert f"`{RUN_DOCTOR}`" in SECTION


def test_example__is_real(
    partner: str, settings: Any, doctor: Callable[..., Any]
) -> None:
    """Each line of it is printed, in this order, for the set-up that it shows."""
    (example,) = re.findall(r"```\n(realm default.*?)```", SECTION, re.DOTALL)
    broken = changes.Mappers("clientScopes", "orders:read")
    with world(Kind(STANDARD, real=False), partner, (broken,)) as made:
        settings.KC_EXCHANGE = made.settings()
        token = Login().obtain(made)
        code, out = doctor("--audience", "orders-api", token=token)

    lines = iter(out.splitlines())
    for line in example.splitlines():
        assert line == "  ..." or line in lines, line
    assert code == 1


@pytest.mark.parametrize(
    "arguments", re.findall(r"kc_exchange doctor(.*?)\s+#", SECTION)
)
def test_commands__are_understood(arguments: str, doctor: Callable[..., Any]) -> None:
    """Nothing listens where the tests' settings lead, and that is all that is wrong."""
    given = [word for word in arguments.split() if word not in {"<", "token"}]
    named = [word for word in given if word != "--user-token-stdin"]

    code, out = doctor(*named, token="x" if len(named) < len(given) else None)

    assert code == 1
    assert "refuses or drops the connection" in out


def test_wrong_options__are_refused() -> None:
    with pytest.raises(CommandError):
        call_command("kc_exchange", "doctor", "--user-token", "x")
