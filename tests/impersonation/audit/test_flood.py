"""A flood of refused starts fills neither the table nor the memory."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.impersonation import audit
from kc_exchange.impersonation.audit.flood import Flood, flood
from kc_exchange.impersonation.errors import AuditUnavailable
from kc_exchange.impersonation.people import Person
from kc_exchange.models import AuditEvent
from tests.clock import Clock
from tests.impersonation.audit.engines import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.impersonation.audit.history import History


def denied(operator: str = "7", **details: Any) -> audit.Event:
    """Return a refused start."""
    return audit.Event(
        type="start.denied",
        outcome="failure",
        code="superuser",
        operator=Person(id=operator, name="sam"),
        details=details,
    )


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    flood.clear()
    yield
    flood.clear()


def suppressed(event: audit.Event | None) -> object:
    """Return how many an event says were not recorded."""
    assert event is not None
    return event.details.get("suppressed")


def test_admit__nobody_hides_whom_they_tried() -> None:
    """After a flood for one target, the first refusal for another is recorded."""
    tally = Flood(Clock())
    for _ in range(50):
        tally.admit(denied())
    for name in ("vip", "ceo"):
        event = replace(denied(), target=Person(id=name, name=name))
        assert tally.admit(event) is not None
        assert tally.admit(event) is None


def test_admit__targets_are_bounded() -> None:
    """E12: one operator who tries everybody fills no table."""
    tally = Flood(Clock())
    events = [
        replace(denied(), target=Person(id=str(n), name="somebody")) for n in range(500)
    ]
    assert sum(tally.admit(event) is not None for event in events) == 100


def test_admit__ten_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    """E12: ten are recorded; the next after a minute says how many were not."""
    clock = Clock()
    counted = Flood(clock)
    event = denied(reason="again")
    assert all(counted.admit(event) is event for _ in range(10))
    assert not caplog.records
    assert [counted.admit(event) for _ in range(10_000)] == [None] * 10_000
    assert len(caplog.records) == 10_000
    assert (
        "kc_exchange.denied_not_recorded operator=7 target= code=superuser"
        in caplog.text
    )
    clock.now += 60
    after = counted.admit(event)
    assert after is not None
    assert after.details == {"reason": "again", "suppressed": 10_000}
    assert counted.admit(event) is event


def test_admit__each_operator_for_themself() -> None:
    counted = Flood(Clock())
    for _ in range(11):
        counted.admit(denied("1"))
    assert counted.admit(denied("1")) is None
    assert counted.admit(denied("2")) is not None


@pytest.mark.parametrize("kind", sorted(set(AuditEvent.Type.values) - {"start.denied"}))
def test_admit__counts_nothing_else(kind: str) -> None:
    counted = Flood(Clock())
    event = audit.Event(type=kind, operator=Person(id="7", name="sam"))
    assert all(counted.admit(event) is event for _ in range(20))


def test_admit__remembers_so_many_operators(caplog: pytest.LogCaptureFixture) -> None:
    """Memory is bounded; who is forgotten leaves the number in the log."""
    counted = Flood(Clock())
    for _ in range(13):
        counted.admit(denied("x" * 100_000))
    caplog.clear()
    for number in range(1_000):
        counted.admit(denied(str(number)))
    assert len(counted._tallies) == 1_000
    assert max(map(len, counted._tallies)) <= 255
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().endswith("count=3")


def test_record__writes_ten_of_them(engine: History) -> None:
    for _ in range(15):
        audit.record(denied())
    assert engine.size == 10
    assert engine.verify().is_sound


def test_record__counts_again_what_was_not_written(history: History) -> None:
    """A number that could not be written is in the next one that is."""
    for _ in range(12):
        audit.record(denied())
    flood._tallies["7"].since -= 60
    run(history.alias, "ALTER TABLE kc_exchange_auditevent RENAME TO away")
    with pytest.raises(AuditUnavailable):
        audit.record(denied())
    run(history.alias, "ALTER TABLE away RENAME TO kc_exchange_auditevent")
    audit.record(denied())
    assert history.owner.said(11)["details"] == {"suppressed": 2}
