"""Record an event durably, wherever it happens: inside of a transaction as well."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async
from django.db import connections

from kc_exchange.impersonation.audit import writer
from kc_exchange.impersonation.audit.committing import (
    alias_of_record,
    committed,
    is_in_test_case,
    is_waiting,
    is_working,
)
from kc_exchange.impersonation.audit.flood import flood
from kc_exchange.impersonation.audit.waiting import keep

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from kc_exchange.impersonation.audit.event import Event

_log = logging.getLogger("kc_exchange")
_running: set[asyncio.Future[None]] = set()
"""The event loop itself keeps no more than a weak reference."""


def record(event: Event) -> None:
    """Record `event`; when this returns it is there for good.

    Inside of a transaction, as in a view under ATOMIC_REQUESTS, another connection
    writes it, so that it stays when the transaction is rolled back. SQLite has one
    writer: there it is written when `pending` is left, right after the view.

    Of refused starts, an operator gets ten a minute recorded one by one, and the
    first for each target; the others are counted in `suppressed` of the next that is. A
    Django test case has all.

    Raises:
        AuditUnavailable: it cannot be recorded; do not do what it is about.
        RuntimeError: it is called in `committed`, whose `append` is there for that;
            or in a transaction on SQLite, with no `pending` around it.
        NotCanonical: its details cannot be stored.
    """
    if is_working():
        raise RuntimeError("record() was called by work of committed(): use append.")
    connection = connections[alias_of_record()]
    admitted = event if is_in_test_case(connection) else flood.admit(event)
    if admitted is None:
        return
    try:
        _write(admitted, connection)
    except BaseException:
        flood.give_back(admitted)
        raise


async def arecord(event: Event) -> None:
    """Record `event` from a coroutine, as `record` does.

    If the caller is cancelled, such as by a client that hangs up, it is recorded all
    the same.
    """
    task = asyncio.ensure_future(sync_to_async(record)(event))
    _running.add(task)
    task.add_done_callback(_done)
    await asyncio.shield(task)


def _write(event: Event, connection: BaseDatabaseWrapper) -> None:
    if not is_waiting(connection):
        committed(lambda append: append(event))
    elif not _has_one_writer(connection):
        writer.write([event])
    elif not keep(event):
        raise RuntimeError(
            "An audit event cannot be durable inside of this transaction: SQLite has "
            "one writer, and it is not known when the transaction is over. Fix: call "
            "it outside of atomic(), or let ImpersonationMiddleware run the request."
        )


def _has_one_writer(connection: BaseDatabaseWrapper) -> bool:
    """Whether no other connection can write before this one has committed.

    In a test case of Django that is so on every database: its transaction holds the
    head of the chain until the test is over.
    """
    return connection.vendor == "sqlite" or is_in_test_case(connection)


def _done(task: asyncio.Future[None]) -> None:
    _running.discard(task)
    if not task.cancelled() and task.exception() is not None:
        _log.error("kc_exchange.audit_failed", exc_info=task.exception())
