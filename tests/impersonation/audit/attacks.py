"""Attacks on the record, and what must come of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import DatabaseError, connections, transaction

from kc_exchange.impersonation.audit.triggers import EVENTS
from kc_exchange.models import AuditEvent, AuditHead
from tests.impersonation.audit.engines import run

if TYPE_CHECKING:
    from tests.impersonation.audit.history import History

ZEROS = "0" * 64


@pytest.fixture
def written(engine: History) -> History:
    """Return a record of 9 events."""
    engine.write()
    return engine


def next_event(history: History, **changes: Any) -> AuditEvent:
    """Return an event that fits the end of the chain, but for `changes`."""
    seq = history.size + 1
    last = history.owner.event(history.size)
    event = history.owner.forge(seq, history.owner.said(history.size), last.hash)
    event.event_id = AuditEvent().event_id
    for name, value in changes.items():
        setattr(event, name, value)
    return event


def insert(history: History, event: AuditEvent, verb: str, end: str = "") -> None:
    """Insert `event` by a statement that begins with `verb`."""
    connection = connections[history.alias]
    fields = AuditEvent._meta.concrete_fields
    values = [f.get_db_prep_save(getattr(event, f.attname), connection) for f in fields]
    names = ", ".join(str(field.column) for field in fields)
    marks = ", ".join("%s" for _ in fields)
    history.owner.run(f"{verb} INTO {EVENTS} ({names}) VALUES ({marks}) {end}", *values)


def rows(history: History) -> list[tuple[Any, ...]]:
    """Return all that is recorded."""
    return run(history.alias, f"SELECT * FROM {EVENTS} ORDER BY seq")


def refused(history: History, attack: Any) -> None:
    """Run the attack: it fails, and nothing has changed."""
    before, head = rows(history), AuditHead.objects.values_list().get()
    with (
        pytest.raises(DatabaseError, match=r"append-only|UNIQUE|unique|Duplicate"),
        transaction.atomic(using=history.alias),
    ):
        attack()
    assert rows(history) == before
    assert AuditHead.objects.values_list().get() == head
    assert history.verify().is_sound
