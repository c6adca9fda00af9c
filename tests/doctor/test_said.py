"""Whatever Keycloak says that a project can cause has its finding."""

from __future__ import annotations

import ast
import re
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import kc_exchange
from kc_exchange.conf import Realm
from kc_exchange.doctor import CATALOGUE
from kc_exchange.doctor.chart import Chart
from kc_exchange.exchange.broker_refusals import BROKER_ROWS
from kc_exchange.exchange.check import Check
from kc_exchange.exchange.impersonation_refusals import (
    REVOCATION_ROWS,
)
from kc_exchange.exchange.impersonation_refusals import (
    ROWS as IMPERSONATION_ROWS,
)
from kc_exchange.exchange.jwt_grant_refusals import JWT_GRANT_ROWS
from kc_exchange.exchange.linked_refusals import LINKED_ROWS
from kc_exchange.exchange.refusals import OF_EVERY_GRANT, refusal
from kc_exchange.exchange.rows import Asked
from tests.doctor import said, said_elsewhere

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.exchange.rows import Row
    from tests.doctor.said import Said

PACKAGE = Path(kc_exchange.__file__).parent
REALM = Realm(
    alias="default", issuer="https://id.example/realms/a", client_id="django-app"
)
CHART = Chart(
    "downstream orders-api",
    realm="default",
    client="django-app",
    downstream="orders-api",
    audience="orders-api",
    audiences="account",
    missing="orders:read",
)
TABLES = {
    "every grant": OF_EVERY_GRANT,
    "impersonation": IMPERSONATION_ROWS,
    "revocation": REVOCATION_ROWS,
    "broker": BROKER_ROWS,
    "linked": LINKED_ROWS,
    "jwt grant": JWT_GRANT_ROWS,
}
ANSWERS = (
    *said.STANDARD,
    *said.CLIENT,
    *said.LEGACY,
    *said_elsewhere.IMPERSONATION,
    *said_elsewhere.BROKERED,
    *said_elsewhere.LINKED,
    *said_elsewhere.GRANTED,
)
EACH_ROW = [(name, row) for name, rows in TABLES.items() for row in rows]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda a: f"{a.code}-{a.description}")
def test_answer__has_its_finding(answer: Said) -> None:
    """Code, cause and fix; what is in Keycloak's console or in a setting is named."""
    asked = Asked("orders-api", "partner", answer.rows)
    error = refusal(
        answer.status, answer.error, answer.description, realm=REALM, asked=asked
    )

    finding = CHART.of("exchange", error)

    assert finding.code == answer.code
    assert finding.state == "wrong"
    assert finding.cause.strip()
    assert finding.fix.strip()
    assert "{" not in f"{finding.cause}{finding.fix}{finding.console}{finding.setting}"


@pytest.mark.parametrize(("table", "row"), EACH_ROW)
def test_row__leads_to_a_finding(table: str, row: Row) -> None:
    """Each row of each table of refusals has an entry, and is complete with it."""
    asked = Asked("orders-api", "partner", TABLES[table])
    error = refusal(400, row.error, row.starts, realm=REALM, asked=asked)

    finding = CHART.of("exchange", error)

    assert error.diagnosis == row.diagnosis
    assert finding.cause.strip()
    assert finding.fix.strip()


_PLACES = {"fail": 3, "Row": 5, "_unavailable": 1}
"""Where a call has the diagnosis, if it is not named."""


def _words() -> Iterator[str]:
    """Yield the words that the code gives to errors."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "diagnosis":
                yield from re.findall(r"'([a-z0-9_]+)'", ast.unparse(node.value))
            if isinstance(node, ast.Call):
                yield from _unnamed(node)


def _unnamed(call: ast.Call) -> Iterator[str]:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    place = _PLACES.get(name, len(call.args))
    for argument in call.args[place : place + 1]:
        yield from re.findall(r"'([a-z0-9_]+)'", ast.unparse(argument))


def test_catalogue__has_every_diagnosis() -> None:
    """No error of this package has a word that `doctor` does not know."""
    words = set(_words())

    assert {"switch_off", "scope_wider", "redirected", "throttled"} <= words
    assert words - set(CATALOGUE) == set()


def test_catalogue__has_nothing_that_is_never_said() -> None:
    """Each entry is the diagnosis of an error, or a word of one of the steps."""
    steps = [p for p in PACKAGE.glob("doctor/*.py") if p.name != "__init__.py"]
    text = "".join(path.read_text() for path in steps)
    said_by_steps = set(re.findall(r'"([a-z0-9_]+)"', text))
    said_by_rows = {row.diagnosis for _, row in EACH_ROW}
    usual = signature(Check.fail).parameters["diagnosis"].default
    known = {*said_by_steps, *said_by_rows, *_words(), usual}

    assert set(CATALOGUE) - known == set()


@pytest.mark.parametrize("code", CATALOGUE)
def test_entry__has_words(code: str) -> None:
    """A cause comes with a fix, and sentences end."""
    entry = CATALOGUE[code]

    assert re.fullmatch(r"[a-z0-9_]+", code)
    for text in (entry.cause, entry.fix):
        assert not text or text.rstrip(")").endswith((".", "}")), text
    if entry.console:
        assert entry.console[0].isupper()
