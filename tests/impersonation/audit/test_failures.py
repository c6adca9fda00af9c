"""A database that is locked, that refuses, and that is away."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from django.db import DatabaseError, connections, transaction

from kc_exchange.impersonation import audit
from kc_exchange.impersonation.errors import AuditUnavailable
from kc_exchange.models import AuditEvent, GrantToken
from tests.impersonation.audit.acting import (
    ALIAS,
    ON_A_SERVER,
    change,
    event,
    in_thread,
)
from tests.impersonation.audit.engines import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.impersonation.audit.history import History


@contextmanager
def watched(see: Callable[[str], None]) -> Iterator[None]:
    """Call `see` with each statement before it is run."""

    def wrapper(execute: Any, sql: str, *args: Any) -> Any:
        see(sql)
        return execute(sql, *args)

    with connections[ALIAS].execute_wrapper(wrapper):
        yield


@pytest.fixture
def impatient(history: History) -> Iterator[sqlite3.Connection]:
    """Do not wait for SQLite's lock; yield a connection that has it."""
    connection = connections[ALIAS]
    connection.close()
    connection.settings_dict["OPTIONS"] = {"timeout": 0}
    name = connection.settings_dict["NAME"]
    with closing(sqlite3.connect(name, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


@pytest.mark.parametrize("failures", [1, 2, 3])
@pytest.mark.fault(25)
def test_locked__for_a_while(
    history: History, impatient: sqlite3.Connection, failures: int
) -> None:
    """Three times it is tried again; what `work` does then is done once."""
    tries: list[str] = []

    def see(sql: str) -> None:
        if "WHERE 0" in sql:
            tries.append(sql)
            if len(tries) == failures + 1:
                impatient.execute("ROLLBACK")

    with watched(see):
        assert audit.committed(lambda append: append(event())).seq == 1
    assert len(tries) == failures + 1
    assert AuditEvent.objects.count() == 1


@pytest.mark.fault(26)
def test_locked__for_good(
    history: History, impatient: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[str] = []
    with (
        watched(tries.append),
        pytest.raises(AuditUnavailable, match=r"was not done\. Fix: Check the"),
    ):
        audit.record(event())
    assert sum("WHERE 0" in sql for sql in tries) == 4
    assert "kc_exchange.audit_unavailable database is locked" in caplog.text
    impatient.execute("ROLLBACK")
    audit.record(event())
    assert history.verify().is_sound


def interrupted(append: audit.Append, seen: list[int]) -> AuditEvent:
    """Read; let another connection append the first time; then append."""
    GrantToken.objects.count()
    seen.append(1)
    if len(seen) == 1:
        with ThreadPoolExecutor(1) as pool:
            in_thread(pool, lambda: audit.record(event("other"))).result(30)
    return append(event("mine"))


SNAPSHOTS = {
    "postgresql": ["SET default_transaction_isolation = 'repeatable read'"],
    "mysql": [
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "SET SESSION innodb_snapshot_isolation = ON",
    ],
}


@ON_A_SERVER
@pytest.mark.fault(25)
def test_conflict__with_an_older_snapshot(engine: History) -> None:
    """An isolation level that refuses to see what is newer costs another try."""
    for sql in SNAPSHOTS[connections[ALIAS].vendor]:
        run(ALIAS, sql)
    seen: list[int] = []
    row = audit.committed(lambda append: interrupted(append, seen))
    assert (row.seq, len(seen)) == (2, 2)
    assert engine.verify().is_sound


@ON_A_SERVER
@pytest.mark.fault(25)
def test_conflict__that_is_a_deadlock(engine: History) -> None:
    """The victim of a deadlock is tried again, when the other one is done."""
    for _ in range(20):
        change()
    mine = GrantToken.objects.latest("pk").pk
    has_head, has_mine, tries = Event(), Event(), []

    def other() -> None:
        """Lock the head, and want what the first has; be too heavy for a victim."""
        with transaction.atomic(using=ALIAS):
            if connections[ALIAS].vendor == "postgresql":
                run(ALIAS, "SET LOCAL deadlock_timeout = '60s'")
            GrantToken.objects.exclude(pk=mine).update(attempts=5)
            run(ALIAS, "SELECT * FROM kc_exchange_audithead FOR UPDATE")
            has_head.set()
            assert has_mine.wait(30)
            GrantToken.objects.filter(pk=mine).update(attempts=7)

    def work(append: audit.Append) -> AuditEvent:
        tries.append(GrantToken.objects.filter(pk=mine).update(realm="mine"))
        has_mine.set()
        return append(event())

    if connections[ALIAS].vendor == "postgresql":
        run(ALIAS, "SET deadlock_timeout = '10ms'")
    with ThreadPoolExecutor(1) as pool:
        done = in_thread(pool, other)
        assert has_head.wait(30)
        assert audit.committed(work).seq == 1
        done.result(30)
    assert tries == [1, 1]
    kept = GrantToken.objects.get(pk=mine)
    assert (kept.attempts, kept.realm) == (7, "mine")
    assert engine.verify().is_sound


def gone(history: History) -> None:
    """Take a table away."""
    run(ALIAS, "ALTER TABLE kc_exchange_audithead RENAME TO away")


def back(history: History) -> None:
    """Put it back."""
    run(ALIAS, "ALTER TABLE away RENAME TO kc_exchange_audithead")


def test_table__is_gone(engine: History) -> None:
    """Nothing of `work` is done either; when the table is back, all is as before."""
    engine.write()
    gone(engine)

    def work(append: audit.Append) -> None:
        change()
        append(event())

    with pytest.raises(AuditUnavailable) as failure:
        audit.committed(work)
    assert isinstance(failure.value.__cause__, DatabaseError)
    assert "audithead" not in str(failure.value)
    with pytest.raises(AuditUnavailable):
        audit.record(event())
    assert not GrantToken.objects.exists()
    back(engine)
    audit.record(event())
    assert engine.verify().is_sound


@ON_A_SERVER
def test_server__ends_the_connection(engine: History) -> None:
    """What was under way is refused, and the next request has a new connection."""
    mysql = connections[ALIAS].vendor == "mysql"
    own = "SELECT CONNECTION_ID()" if mysql else "SELECT pg_backend_pid()"
    kill = "KILL {}" if mysql else "SELECT pg_terminate_backend({})"

    def cut_off(append: audit.Append) -> None:
        [[pid]] = run(ALIAS, own)
        with ThreadPoolExecutor(1) as pool:
            in_thread(pool, lambda: run(ALIAS, kill.format(pid))).result(30)
        append(event())

    with pytest.raises(AuditUnavailable):
        audit.committed(cut_off)
    connections[ALIAS].close_if_unusable_or_obsolete()
    audit.record(event())
    assert engine.size == 1
    assert engine.verify().is_sound


@ON_A_SERVER
def test_server__is_away(engine: History) -> None:
    """No connection at all: refused, within a transaction of nobody's too."""
    connections[ALIAS].close()
    connections[ALIAS].settings_dict["PORT"] = "1"
    try:
        with pytest.raises(AuditUnavailable):
            audit.record(event())
        with pytest.raises(AuditUnavailable):
            audit.committed(lambda append: append(event()))
    finally:
        connections[ALIAS].settings_dict["PORT"] = connections.settings[ALIAS]["PORT"]
