"""(g) The record: an append against a plain insert, and its verification."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.core.management import call_command
from django.db import connection, connections, transaction
from django.utils import timezone

from kc_exchange.impersonation import audit
from kc_exchange.impersonation.audit.verify import verify
from kc_exchange.impersonation.people import Person
from kc_exchange.models import AuditEvent
from tests.benchmarks.report import Result, Row
from tests.benchmarks.rounds import interleaved, ratio

if TYPE_CHECKING:
    from tests.benchmarks.rounds import Run
    from tests.benchmarks.world import World

_WRITERS = 8
_CALLS = 40
_PLAIN, _APPEND = "a plain insert", "an append to the chain"
_CROWD = f", {_WRITERS} writers"
_OPERATOR = Person(id="1", name="operator", issuer="https://id.test", subject="a")
_TARGET = Person(id="2", name="target", issuer="https://id.test", subject="b")
_TABLE = "benchmark_plain"
_COLUMNS = "event_id, type, occurred_at, operator_id, target_id, payload"


def measure(world: World, *, quick: bool) -> Result:
    """Write with one thread and with several, then verify all of it."""
    del world
    rounds, events = (5, 5_000) if quick else (20, 100_000)
    call_command("migrate", verbosity=0)
    _make_plain_table()
    samples = interleaved(
        {
            _PLAIN: _alone(_insert),
            _APPEND: _alone(_append),
            _PLAIN + _CROWD: _crowd(_insert),
            _APPEND + _CROWD: _crowd(_append),
        },
        rounds=rounds,
        calls=_CALLS,
    )
    crowd = ratio(samples[_APPEND + _CROWD], samples[_PLAIN + _CROWD])
    seconds, found = _verified(events)
    return Result(
        "(g) The record",
        f"{rounds} rounds of {_CALLS} events, each in a transaction of its own that is "
        "on the disk (SQLite with a write-ahead log); seconds an event, of all writers "
        "together. The plain insert writes the same payload into a table without "
        "chain, head, hash or trigger.",
        [Row(name, values) for name, values in samples.items()],
        [],
        note=f"With {_WRITERS} writers, an append takes {crowd:.2f} times a plain "
        f"insert. Verifying {found} events took {seconds:.2f} s, which is "
        f"{seconds / found * 100_000:.1f} s for each 100,000.",
    )


def _append() -> None:
    audit.record(_event())


def _insert() -> None:
    event = _event()
    values = (
        str(uuid4()), event.type, timezone.now().isoformat(), _OPERATOR.id, _TARGET.id,
        repr(dict(event.details)).encode(),
    )  # fmt: skip
    marks = ", ".join(["%s"] * len(values))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {_TABLE} ({_COLUMNS}) VALUES ({marks})", values)


def _event() -> audit.Event:
    return audit.Event(
        type=AuditEvent.Type.REQUEST_STARTED,
        operator=_OPERATOR,
        target=_TARGET,
        grant=uuid4(),
        details={
            "method": "GET",
            "route": "orders",
            "path": "/orders/",
            "ua": "x" * 80,
        },
    )


def _make_plain_table() -> None:
    kinds = "id integer PRIMARY KEY, event_id text UNIQUE, type text, occurred_at text"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {_TABLE}")
        cursor.execute(
            f"CREATE TABLE {_TABLE} "
            f"({kinds}, operator_id text, target_id text, payload blob)"
        )
        for column in ("type", "occurred_at", "operator_id", "target_id"):
            name = f"{_TABLE}_{column}"
            cursor.execute(f"CREATE INDEX {name} ON {_TABLE} ({column})")


def _alone(write: Any) -> Run:
    def run(calls: int) -> None:
        for _ in range(calls):
            write()

    return run


def _crowd(write: Any) -> Run:
    def one(calls: int) -> None:
        try:
            for _ in range(calls):
                write()
        finally:
            connections.close_all()

    def run(calls: int) -> None:
        each = calls // _WRITERS
        threads = [threading.Thread(target=one, args=(each,)) for _ in range(_WRITERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return run


def _verified(events: int) -> tuple[float, int]:
    """Fill the record up, and time one verification of the whole of it."""
    missing = events - AuditEvent.objects.count()
    if missing > 0:

        def fill(append: audit.Append) -> None:
            for _ in range(missing):
                append(_event())

        audit.committed(fill)
    started = time.perf_counter()
    report = verify()
    seconds = time.perf_counter() - started
    if not report.is_sound:
        raise SystemExit(f"The record does not verify: {report.as_dict()}")
    return seconds, AuditEvent.objects.count()
