"""What `verify` finds, on SQLite and on each server that is there.

How each kind of change is told from the others is tested on SQLite alone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from kc_exchange.impersonation.audit.export import export
from tests.impersonation.audit.hostile import TEXTS, attempt
from tests.impersonation.audit.tools import found

if TYPE_CHECKING:
    from tests.impersonation.audit.history import History


@pytest.fixture
def altered(engine: History) -> History:
    """Return a record of 13 events, without its triggers."""
    engine.write(requests=5)
    assert engine.verify().is_sound
    assert engine.owner.drop_triggers() == 6
    return engine


def test_sound__as_written(engine: History) -> None:
    note = engine.checkpoint()
    engine.write()
    engine.write()

    report = engine.verify(engine.checkpoint(), since=note)

    assert report.is_sound
    assert (report.size, report.checkpoints) == (18, 2)


def test_sound__with_hostile_text(engine: History) -> None:
    """The columns are compared with the payload as this database keeps them."""
    for text in TEXTS.values():
        attempt(engine, text)

    report = engine.verify()

    assert report.is_sound, report.verdict
    names = [json.loads(line)["user"]["name"] for line in export("ecs")]
    kept = [
        text.encode("utf-8", "backslashreplace").decode() for text in TEXTS.values()
    ]
    assert names == kept


def test_altered__payload(altered: History) -> None:
    payload = bytearray(altered.owner.event(6).payload)
    payload[40] ^= 1
    altered.owner.update(6, payload=bytes(payload))

    assert found(altered) == [("payload_changed", 6)]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("operator_name", "eve"),
        ("operator_name", "SAM"),
        ("occurred_at", "2020-01-01 00:00:00"),
        ("event_id", "018f0000-0000-7000-8000-000000000000"),
        ("hash", "ab" * 32),
    ],
)
def test_altered__column(altered: History, column: str, value: str) -> None:
    altered.owner.update(6, **{column: value})

    assert found(altered) == [("column_changed", 6)]


def test_altered__order(altered: History) -> None:
    owner = altered.owner
    owner.update(5, seq=99)
    owner.update(8, seq=5)
    owner.update(99, seq=8)

    assert found(altered) == [("swapped", 5)]


def test_altered__missing_inside_and_renumbered(altered: History) -> None:
    altered.owner.delete(6)
    assert found(altered) == [("missing", 6)]

    altered.owner.renumber(7, -1)
    assert found(altered) == [("missing", 6)]


def test_altered__put_in_between(altered: History) -> None:
    owner = altered.owner
    said = {**owner.said(6), "event_id": "018f0000-0000-7000-8000-000000000000"}
    owner.renumber(6, 1)
    owner.insert(owner.forge(6, said, owner.hash_before(6)))

    assert found(altered) == [("inserted", 6)]


def test_altered__cut_off(altered: History) -> None:
    note = altered.checkpoint()
    altered.owner.delete(13)
    altered.owner.delete(12)

    assert found(altered)[0] == ("truncated", 12)
    altered.owner.set_head(11, altered.owner.event(11).hash)
    assert ("truncated", 12) not in found(altered)
    assert found(altered, note)[0] == ("truncated", 12)


def test_altered__computed_anew(altered: History) -> None:
    note = altered.checkpoint()
    altered.owner.rewrite(6, lambda said: said.update(code="x"))

    assert found(altered) == []
    assert found(altered, note) == [("recomputed", 1)]


def test_altered__grant(engine: History) -> None:
    engine.write()
    engine.owner.run(
        "UPDATE kc_exchange_impersonationgrant SET reason = 'Another reason.'"
    )

    assert found(engine) == [("grant_changed", 2)]
    engine.owner.run("DELETE FROM kc_exchange_impersonationgrant")
    assert found(engine) == [("grant_missing", 1)]


@pytest.mark.parametrize("moment", ["infinity", "0044-01-01 BC"])
def test_altered__moment_that_python_cannot_hold(altered: History, moment: str) -> None:
    """PostgreSQL has them; elsewhere it is a text, or refused."""
    if altered.owner.vendor == "mysql":
        pytest.skip("MariaDB refuses it")
    altered.owner.update(6, occurred_at=moment)

    assert found(altered) == [("column_changed", 6)]
