"""The thread that records for transactions, with a connection of its own."""

from __future__ import annotations

import os
import traceback
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from django.db import connections, transaction

from kc_exchange.impersonation import audit
from kc_exchange.impersonation.audit.writer import Writer
from kc_exchange.impersonation.errors import AuditUnavailable
from tests.impersonation.audit.acting import (
    ALIAS,
    ON_A_SERVER,
    change,
    event,
    recorded,
)
from tests.impersonation.audit.engines import SERVERS, run

if TYPE_CHECKING:
    from tests.impersonation.audit.history import History


def sessions(history: History) -> int:
    """Return how many connections to the record's database there are."""
    name = connections[history.alias].settings_dict["NAME"]
    sql = {
        "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE datname = %s",
        "mysql": "SELECT count(*) FROM information_schema.processlist WHERE db = %s",
    }
    [[count]] = run(history.alias, sql[connections[history.alias].vendor], name)
    return int(count)


@ON_A_SERVER
def test_writer__leaves_no_connection(engine: History) -> None:
    """Many threads have one more connection among them, and none when they are done."""

    def one(number: int) -> None:
        try:
            with transaction.atomic(using=ALIAS):
                audit.record(event(str(number)))
        finally:
            connections[ALIAS].close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(40)))
    assert sorted(map(int, recorded())) == list(range(40))
    assert engine.verify().is_sound
    assert sessions(engine) == 1


@pytest.mark.parametrize("engine", SERVERS[:1], indirect=True)
def test_writer__beside_a_pool_that_is_empty(engine: History) -> None:
    """Views that hold all connections of a pool do not keep the writer out."""
    together = Barrier(2)
    connections[ALIAS].close()
    options = {"pool": {"min_size": 1, "max_size": 2, "timeout": 2}}
    connections.settings[ALIAS]["OPTIONS"] = options

    def view(number: int) -> None:
        try:
            with transaction.atomic(using=ALIAS):
                change()
                together.wait(30)
                audit.record(event(str(number)))
        finally:
            connections[ALIAS].close()

    try:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(view, range(2)))
    finally:
        connections[ALIAS].close_pool()  # type: ignore[attr-defined]
        connections.settings[ALIAS]["OPTIONS"] = {}
    assert sorted(recorded()) == ["0", "1"]


@ON_A_SERVER
@pytest.mark.fault(26)
def test_writer__has_patience(engine: History) -> None:
    """It gives up where somebody keeps the head locked, and says which table it is."""
    writer = Writer(patience=0.3)
    with transaction.atomic(using=ALIAS):
        run(ALIAS, "SELECT * FROM kc_exchange_audithead FOR UPDATE")
        with pytest.raises(AuditUnavailable, match="kc_exchange_audithead locked"):
            writer.write([event("late")])
    writer.write([event("after")])
    assert recorded() == ["late", "after"]


@ON_A_SERVER
def test_writer__tells_what_went_wrong(engine: History) -> None:
    engine.owner.run("DROP TABLE kc_exchange_audithead")
    with pytest.raises(AuditUnavailable), transaction.atomic(using=ALIAS):
        audit.record(event())


@ON_A_SERVER
@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_writer__in_a_forked_child(engine: History) -> None:
    """A child has no thread of its parent, and starts one of its own."""

    def write(code: str) -> None:
        with transaction.atomic(using=ALIAS):
            audit.record(event(code))

    write("parent")
    connections[ALIAS].close()
    child = os.fork()
    if child == 0:
        try:
            write("child")
        except BaseException:  # noqa: BLE001 - a child must not go on with the tests
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    write("parent again")
    assert recorded() == ["parent", "child", "parent again"]
