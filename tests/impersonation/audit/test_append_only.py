"""Each way around an append-only table: refused, or found by `verify`.

The matrix of attacks: which of them an engine refuses, and which only a checkpoint
shows, is what the threat model in the README says.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from django.db import DatabaseError, connections, transaction

from kc_exchange.impersonation.audit.report import Reason
from kc_exchange.impersonation.audit.triggers import EVENTS, HEAD
from kc_exchange.models import AppendOnly, AuditEvent, AuditHead
from tests.impersonation.audit.attacks import (
    ZEROS,
    insert,
    next_event,
    refused,
    rows,
)
from tests.impersonation.audit.engines import SERVERS, run

if TYPE_CHECKING:
    from tests.impersonation.audit.history import History

MARIADB = SERVERS[1:]


CHANGES = {
    "update a payload": f"UPDATE {EVENTS} SET payload = '' WHERE seq = 4",
    "update nothing but a name": f"UPDATE {EVENTS} SET operator_name = 'x'",
    "update without a change": f"UPDATE {EVENTS} SET code = code",
    "delete one": f"DELETE FROM {EVENTS} WHERE seq = 9",
    "delete all": f"DELETE FROM {EVENTS}",
    "set the head back": f"UPDATE {HEAD} SET size = 3",
    "set the head's hash": f"UPDATE {HEAD} SET hash = '{ZEROS}'",
    "set the head forward": f"UPDATE {HEAD} SET size = 10",
    "set the head far forward": f"UPDATE {HEAD} SET size = 99, hash = '{ZEROS}'",
    "give the head another id": f"UPDATE {HEAD} SET id = 2, size = 10",
    "delete the head": f"DELETE FROM {HEAD}",
    "add a head": f"INSERT INTO {HEAD} (id, size, hash) VALUES (2, 0, '{ZEROS}')",
}


@pytest.mark.parametrize("sql", CHANGES.values(), ids=CHANGES)
def test_change__is_refused(written: History, sql: str) -> None:
    refused(written, lambda: written.owner.run(sql))


WRONG = {
    "a gap": {"seq": 11},
    "a number that is there": {"seq": 9},
    "number 0": {"seq": 0},
    "another hash before it": {"previous_hash": ZEROS},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_insert__of_what_is_not_next(written: History, wrong: dict[str, Any]) -> None:
    event = next_event(written, **wrong)
    refused(written, lambda: insert(written, event, "INSERT"))


def test_insert__without_the_head(written: History) -> None:
    """What is added past the head is found, and so is the gap it would leave."""
    insert(written, next_event(written), "INSERT")
    report = written.verify()
    assert [(f.reason, f.seq) for f in report.findings] == [(Reason.INSERTED, 10)]


def test_head__keeps_its_id(written: History) -> None:
    """A step that is right in all else does not give the chain a second head."""
    event = next_event(written)
    insert(written, event, "INSERT")
    step = f"UPDATE {HEAD} SET size = 10, hash = '{event.hash}'"
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(using=written.alias),
    ):
        written.owner.run(f"{step}, id = 2")
    written.owner.run(step)
    assert written.size == 10


def test_upsert__is_refused(written: History) -> None:
    mysql = connections[written.alias].vendor == "mysql"
    end = "ON DUPLICATE KEY UPDATE" if mysql else "ON CONFLICT (seq) DO UPDATE SET"
    event = next_event(written, seq=4)
    refused(written, lambda: insert(written, event, "INSERT", f"{end} payload = ''"))


@pytest.mark.parametrize("engine", ["sqlite", *MARIADB], indirect=True)
@pytest.mark.parametrize("verb", ["REPLACE", "INSERT OR REPLACE", "INSERT IGNORE"])
@pytest.mark.parametrize("same", ["seq", "event_id"])
def test_replace__is_refused(written: History, verb: str, same: str) -> None:
    """REPLACE takes the row that is in the way out, by its number or by its id.

    IGNORE makes a warning of some errors, not of a trigger's.
    """
    sqlite = connections[written.alias].vendor == "sqlite"
    if verb == ("INSERT IGNORE" if sqlite else "INSERT OR REPLACE"):
        verb = "INSERT OR IGNORE" if sqlite else "REPLACE"
    there = getattr(written.owner.event(4), same)
    event = next_event(written, **{same: there})
    before = rows(written)
    if "IGNORE" in verb:
        with suppress(DatabaseError):
            insert(written, event, verb)
    else:
        refused(written, lambda: insert(written, event, verb))
    assert rows(written) == before


def test_replace__of_what_was_added_past_the_head(history: History) -> None:
    """What somebody forged there does not vanish either."""
    history.write()
    insert(history, next_event(history), "INSERT")
    before = rows(history)
    with pytest.raises(DatabaseError, match="append-only"):
        insert(history, next_event(history), "INSERT OR REPLACE")
    assert rows(history) == before


def test_replace__of_the_head(history: History) -> None:
    history.write()
    sql = f"INSERT OR REPLACE INTO {HEAD} (id, size, hash) VALUES (1, 0, '{ZEROS}')"
    refused(history, lambda: history.owner.run(sql))


def test_replace__by_the_hidden_number(history: History) -> None:
    """On SQLite a row has a number of its own, and REPLACE minds that one too."""
    history.write()
    event = next_event(history)
    [[rowid]] = run(history.alias, f"SELECT rowid FROM {EVENTS} WHERE seq = 4")
    columns = "seq, event_id, type, outcome, code, occurred_at, operator_id, "
    columns += "operator_name, target_id, target_name, payload, previous_hash, hash"
    copied = "type, outcome, code, occurred_at, operator_id, operator_name, "
    copied += f"target_id, target_name, payload, '{event.previous_hash}', hash"
    sql = (
        f"INSERT OR REPLACE INTO {EVENTS} (rowid, {columns}) SELECT {rowid}, 10, "
        f"'{event.event_id.hex}', {copied} FROM {EVENTS} WHERE seq = 5"
    )
    refused(history, lambda: history.owner.run(sql))


@pytest.mark.parametrize(
    "attack",
    [
        lambda events, _event: events.update(code="x"),
        lambda events, _event: events.delete(),
        lambda events, event: events.bulk_update([event], ["code"]),
        lambda events, event: events.bulk_create([event]),
        lambda _events, event: event.delete(),
    ],
)
def test_orm__refuses_before_the_database(history: History, attack: Any) -> None:
    history.write()
    events = AuditEvent.objects.using(history.alias)
    with pytest.raises(AppendOnly):
        attack(events.filter(code=""), events.get(seq=4))
    assert history.verify().is_sound


@pytest.mark.parametrize(
    "attack",
    [
        lambda: AuditEvent.objects.get(seq=4).save(),
        lambda: AuditEvent.objects.get(seq=4).save(force_update=True),
        lambda: AuditEvent.objects.all()._raw_delete("record"),
        lambda: AuditHead.objects.update(size=3),
        lambda: AuditHead.objects.all().delete(),
        lambda: AuditHead.objects.create(id=2, size=0, hash=ZEROS),
    ],
)
def test_orm__leaves_it_to_the_database(written: History, attack: Any) -> None:
    refused(written, attack)
