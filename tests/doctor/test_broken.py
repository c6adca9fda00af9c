"""Each broken set-up, made on each server that can be broken so, and diagnosed."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from tests.doctor.broken import ROWS
from tests.doctor.changes import merge
from tests.doctor.world import world

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.doctor.broken.row import Broken
    from tests.doctor.kinds import Kind
    from tests.doctor.world import World

_PERHAPS = "`manage.py kc_exchange provision` shows whether that is it"
TABLE = [kind.param(row, name=row.name) for row in ROWS for kind in row.kinds()]


def test_table__is_big() -> None:
    """Enough set-ups, each with a name of its own."""
    assert len(ROWS) >= 25
    assert len({row.name for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize(("kind", "row"), TABLE)
def test_doctor__names_what_is_broken(
    kind: Kind,
    row: Broken,
    partner: str,
    examined: Callable[..., Any],
    settings: Any,
) -> None:
    """The finding has the code, the cause, the fix and the place; no token is in it."""
    with world(kind, partner, row.changes, annex=row.needs_annex) as broken:
        settings.KC_EXCHANGE = configured(broken, row)
        settings.ROOT_URLCONF = "tests.admin.office"
        token = row.token.obtain(broken) if row.token else None

        report = examined(*arguments_of(row), token=token)

    found = found_by(row, report)
    assert found, told(report)
    (finding,) = found
    assert finding["state"] == row.state, told(report)
    assert row.cause in finding["cause"]
    assert row.fix in finding["fix"]
    assert row.console in finding["console"]
    assert row.setting in finding["setting"]
    assert finding["provision"] is bool(row.provision)
    assert (_PERHAPS in finding["fix"]) is (row.provision is None)
    assert report["exit_code"] == int(bool(report["counts"]["wrong"]))
    assert row.state != "wrong" or report["exit_code"] == 1
    assert "{" not in str([*finding.values()])
    if token:
        assert token not in str(report)


def arguments_of(row: Broken) -> list[str]:
    """Return the options that the row is looked at with."""
    audience = ["--audience", row.audience] if row.audience else []
    return [*audience, *(["--target", row.target] if row.target else [])]


def found_by(row: Broken, report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what the report says of what is broken."""
    return [
        finding
        for finding in report["findings"]
        if (finding["about"], finding["code"]) == (row.about, row.code)
    ]


def configured(broken: World, row: Broken) -> dict[str, Any]:
    """Return the settings of a project with the row's mistake in them."""
    found = copy.deepcopy(broken.settings())
    wrong = row.settings(broken) if callable(row.settings) else row.settings
    merge(found, copy.deepcopy(dict(wrong)))
    return found


def told(report: dict[str, Any]) -> str:
    """Return all that is not well, for the message of a failing test."""
    return "\n".join(
        f"{f['about']}: {f['state']} {f['code']}: {f['cause']}"
        for f in report["findings"]
        if f["state"] != "ok"
    )
