"""Ways around an append-only table that one engine has, or that the owner has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import DatabaseError, connections

from kc_exchange.impersonation.audit import triggers
from kc_exchange.impersonation.audit.report import Reason
from kc_exchange.impersonation.audit.triggers import EVENTS, HEAD
from tests.impersonation.audit.attacks import (
    ZEROS,
    insert,
    next_event,
    refused,
)
from tests.impersonation.audit.engines import SERVERS, run

if TYPE_CHECKING:
    from tests.impersonation.audit.history import History

POSTGRESQL, MARIADB = ([param] for param in SERVERS)


@pytest.mark.parametrize("engine", POSTGRESQL, indirect=True)
@pytest.mark.parametrize("role", ["origin", "replica"])
@pytest.mark.parametrize(
    "sql",
    [
        f"TRUNCATE {EVENTS}",
        f"TRUNCATE {HEAD} CASCADE",
        f"UPDATE {EVENTS} SET code = 'x'",
        f"DELETE FROM {EVENTS} WHERE seq = 9",
        f"UPDATE {HEAD} SET size = 3",
        f"DELETE FROM {HEAD}",
        f"MERGE INTO {EVENTS} e USING {HEAD} ON e.seq = 4 WHEN MATCHED THEN DELETE",
    ],
)
def test_postgresql__in_a_replicas_session(
    written: History, role: str, sql: str
) -> None:
    """TRUNCATE fires no row's trigger, and a replica's session only those that must."""
    written.owner.run(f"SET session_replication_role = {role}")
    refused(written, lambda: written.owner.run(sql))


@pytest.mark.parametrize("engine", POSTGRESQL, indirect=True)
def test_postgresql__temporary_head(written: History) -> None:
    """A temporary table comes first in the search path, and is not believed."""
    event = next_event(written, seq=11, previous_hash=ZEROS)
    written.owner.run(f"CREATE TEMPORARY TABLE {HEAD} (id int, size int, hash text)")
    written.owner.run(f"INSERT INTO {HEAD} VALUES (1, 10, '{ZEROS}')")
    with pytest.raises(DatabaseError, match="append-only"):
        insert(written, event, "INSERT")


@pytest.mark.parametrize("engine", MARIADB, indirect=True)
def test_mariadb__truncate(written: History) -> None:
    """TRUNCATE fires no trigger; what is left shows it, and a checkpoint the rest."""
    checkpoint = written.checkpoint()
    written.owner.run(f"TRUNCATE {EVENTS}")
    assert Reason.TRUNCATED in found(written)
    written.owner.run(f"TRUNCATE {HEAD}")
    assert Reason.HEAD_CHANGED in found(written)
    written.owner.drop_triggers()
    written.owner.run(triggers.head_row())
    assert Reason.TRUNCATED in found(written, checkpoint)


def found(history: History, *checkpoints: bytes) -> set[Reason]:
    """Return what is wrong."""
    return {finding.reason for finding in history.verify(*checkpoints).findings}


@pytest.mark.parametrize("attack", ["change", "cut off", "empty"])
def test_owner__drops_the_triggers(written: History, attack: str) -> None:
    """Nothing stops the owner; a checkpoint that is kept elsewhere shows what was done.

    Even with every hash computed anew, and the triggers put back.
    """
    checkpoint, owner = written.checkpoint(), written.owner
    assert owner.drop_triggers() == len(triggers.NAMES[connections["record"].vendor])
    if attack == "change":
        owner.rewrite(4, lambda said: said["operator"].update(name="somebody else"))
    elif attack == "cut off":
        owner.delete(9)
        owner.set_head(8, owner.event(8).hash)
    else:
        owner.run(f"DELETE FROM {EVENTS}")
        owner.set_head(0, ZEROS)
    for sql in triggers.create(connections[written.alias].vendor):
        run(written.alias, sql)
    reason = Reason.RECOMPUTED if attack == "change" else Reason.TRUNCATED
    assert reason in found(written, checkpoint)
