"""Recording from coroutines, and events that wait for a request's transaction."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections, transaction

from kc_exchange.impersonation import audit
from kc_exchange.impersonation.audit import recording
from kc_exchange.impersonation.errors import AuditUnavailable
from kc_exchange.impersonation.people import Person
from kc_exchange.models import AuditEvent
from tests.impersonation.audit.engines import run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.impersonation.audit.history import History

ALIAS = "record"
ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def event(code: str = "") -> audit.Event:
    """Return an event."""
    sam = Person(id="2", name="sam")
    return audit.Event(
        type="token.issued", operator=sam, code=code, details={"jti": "x"}
    )


def rolled_back(*codes: str) -> None:
    """Record in a transaction, and roll it back."""
    with transaction.atomic(using=ALIAS):
        for code in codes:
            audit.record(event(code))
        transaction.set_rollback(True, using=ALIAS)


def codes() -> list[str]:
    """Return the codes of what is there."""
    return list(AuditEvent.objects.order_by("seq").values_list("code", flat=True))


@pytest.fixture
async def place(engine: History) -> AsyncIterator[History]:
    """Return the record; close what the thread for synchronous code had opened."""
    yield engine
    await sync_to_async(forget)()


def forget() -> None:
    """Close this thread's connection; the next test has another database."""
    connections[ALIAS].close()
    del connections[ALIAS]


async def test_arecord(place: History) -> None:
    await audit.arecord(event("one"))
    assert await sync_to_async(codes)() == ["one"]


async def test_arecord__raises_to_its_caller(place: History) -> None:
    drop = "DROP TABLE kc_exchange_audithead"
    await sync_to_async(run)(ALIAS, drop)
    with pytest.raises(AuditUnavailable):
        await audit.arecord(event())


@ON_SQLITE
async def test_arecord__survives_its_caller(place: History) -> None:
    """A client that hangs up while the database is busy takes no event with it."""
    name = connections[ALIAS].settings_dict["NAME"]
    with closing(sqlite3.connect(name, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        task = asyncio.create_task(audit.arecord(event("one")))
        await asyncio.sleep(0)
        assert recording._running
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        other.execute("ROLLBACK")
    await asyncio.gather(*recording._running)
    assert await sync_to_async(codes)() == ["one"]
    assert not recording._running


async def test_arecord__fails_after_its_caller(
    place: History, caplog: pytest.LogCaptureFixture
) -> None:
    """What nobody waits for any more is in the log."""
    drop = "DROP TABLE kc_exchange_audithead"
    await sync_to_async(run)(ALIAS, drop)
    task = asyncio.create_task(audit.arecord(event("one")))
    await asyncio.sleep(0)
    assert recording._running
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait(recording._running)
    await asyncio.sleep(0)
    assert "kc_exchange.audit_failed" in caplog.text


async def test_pending__around_a_coroutine(place: History) -> None:
    """What a synchronous part recorded in a transaction is written at its end."""

    async def request() -> None:
        async with audit.pending():
            await sync_to_async(rolled_back)("one", "two")
            raise KeyError

    with pytest.raises(KeyError):
        await request()
    assert await sync_to_async(codes)() == ["one", "two"]
    assert (await sync_to_async(place.verify)()).is_sound


async def test_pending__of_a_coroutine_that_is_cancelled(place: History) -> None:
    """A request whose client hangs up keeps its events."""
    begun = asyncio.Event()

    async def request() -> None:
        async with audit.pending():
            await sync_to_async(rolled_back)("one")
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(request())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await sync_to_async(codes)() == ["one"]


async def test_pending__left_in_a_loop_without_await(place: History) -> None:
    """A plain `with` in a coroutine writes them too; the loop waits that long."""
    with audit.pending():
        await sync_to_async(rolled_back)("one")
    assert await sync_to_async(codes)() == ["one"]


def test_pending__says_when_it_happened(history: History) -> None:
    """Such an event is recorded later than it happened; it has both moments."""
    with audit.pending():
        rolled_back("one")
        audit.record(event("two"))
    assert codes() == ["two", "one"]
    two, one = history.owner.said(1), history.owner.said(2)
    happened = datetime.fromisoformat(one["details"]["happened_at"])
    assert happened < datetime.fromisoformat(two["occurred_at"])
    assert one["occurred_at"] > two["occurred_at"]
    assert one["details"]["jti"] == "x"
    assert "happened_at" not in two["details"]
    assert history.verify().is_sound


def test_pending__within_another(history: History) -> None:
    """The outer one writes: at the inner's end the transaction may still be open."""
    with audit.pending():
        with audit.pending():
            rolled_back("one")
        with transaction.atomic(using=ALIAS), audit.pending():
            audit.record(event("two"))
        assert codes() == []
    assert codes() == ["one", "two"]


def test_pending__from_threads_of_the_request(history: History) -> None:
    """A thread that has the request's context adds to the request's events."""

    def in_a_thread(code: str) -> None:
        try:
            rolled_back(code)
        finally:
            connections[ALIAS].close()

    with audit.pending(), ThreadPoolExecutor(4) as pool:
        for number in range(8):
            context = contextvars.copy_context()
            pool.submit(context.run, in_a_thread, str(number)).result(30)
    assert codes() == list("01234567")


def test_pending__for_a_task_that_outlives_the_request(history: History) -> None:
    """It still has the request's context; nobody would write what it adds."""
    with audit.pending():
        context = contextvars.copy_context()
    with pytest.raises(RuntimeError, match="one writer"):
        context.run(rolled_back, "late")


def test_pending__that_cannot_be_written(
    history: History, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is lost in silence: the caller is told, and the log has each of them."""

    def request() -> None:
        with audit.pending():
            rolled_back("one", "two")
            run(ALIAS, "PRAGMA query_only = ON")

    with pytest.raises(AuditUnavailable):
        request()
    lost = [r for r in caplog.records if "audit_lost" in r.getMessage()]
    assert [record.levelno for record in lost] == [logging.ERROR] * 2
    assert "type=token.issued operator='2'" in lost[0].getMessage()
    run(ALIAS, "PRAGMA query_only = OFF")
    assert codes() == []


def test_pending__with_nothing(
    history: History, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0, connection=connections[ALIAS]), audit.pending():
        pass
