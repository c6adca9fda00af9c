"""Write events so that they last: before the act, outside of the view's transaction."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

from asgiref.sync import sync_to_async
from django.db import DatabaseError, OperationalError, connections, router, transaction

from kc_exchange.impersonation.audit import chain, writer
from kc_exchange.impersonation.errors import AuditUnavailable
from kc_exchange.models import AuditEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kc_exchange.impersonation.audit.chain import Append
    from kc_exchange.impersonation.audit.event import Event

T = TypeVar("T")

_log = logging.getLogger("kc_exchange")
_ATTEMPTS = 4
_PAUSE = 0.05
"""Seconds before the second attempt; each further one waits twice as long."""

_waiting: ContextVar[list[Event] | None] = ContextVar(
    "kc_exchange_events", default=None
)


def committed(work: Callable[[Append], T]) -> T:
    """Run `work` in a transaction of its own, and commit it with its events.

    `work` changes rows and appends what happened, last; all of it lasts, or nothing
    does. A deadlock, a failed serialization or a locked database is tried again, up to
    three times.

    Raises:
        AuditUnavailable: the database refuses; nothing was changed.
        RuntimeError: a transaction is open already, so nothing would last.
    """
    alias = _alias()

    def append(event: Event) -> AuditEvent:
        return chain.append(event, alias)

    for attempt in range(_ATTEMPTS):
        try:
            with transaction.atomic(using=alias, durable=True):
                return work(append)
        except OperationalError as error:
            if attempt == _ATTEMPTS - 1 or connections[alias].in_atomic_block:
                raise AuditUnavailable from error
            time.sleep(_PAUSE * 2**attempt)
        except DatabaseError as error:
            raise AuditUnavailable from error
    raise AuditUnavailable


def record(event: Event) -> None:
    """Write one event that lasts, whatever becomes of the caller's transaction.

    Where one is open, another connection writes it; on SQLite, which lets one write at
    a time, it waits until the view is through (`pending`).

    Raises:
        AuditUnavailable: it cannot be written.
    """
    alias = _alias()
    if not _in_transaction(alias):
        committed(lambda append: append(event))
        return
    waiting = _waiting.get()
    if connections[alias].vendor != "sqlite":
        writer.run(lambda: committed(lambda append: append(event)))
    elif waiting is not None:
        waiting.append(event)
    else:
        chain.append(event, alias)


async def arecord(event: Event) -> None:
    """Do as `record` does, for an event loop."""
    await sync_to_async(record)(event)


@contextmanager
def pending() -> Iterator[None]:
    """Write at the end of the block what could not be written inside.

    Raises:
        AuditUnavailable: it cannot be written; the log has what it was.
    """
    waiting: list[Event] = []
    before = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(before)
        for event in waiting:
            _record_late(event)


def _record_late(event: Event) -> None:
    try:
        committed(lambda append: append(event))
    except AuditUnavailable:
        _log.error("kc_exchange.event_lost type=%s grant=%s", event.type, event.grant)
        raise


def _in_transaction(alias: str) -> bool:
    """Whether somebody's transaction is open; that of a TestCase is nobody's."""
    blocks = connections[alias].atomic_blocks
    return bool(blocks) and not blocks[-1]._from_testcase  # noqa: SLF001


def _alias() -> str:
    return router.db_for_write(AuditEvent)
