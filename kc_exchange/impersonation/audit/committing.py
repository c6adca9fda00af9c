"""Write events, and what they are about, in a transaction that is committed."""

from __future__ import annotations

import logging
import random
import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import DataError, Error, connections, router, transaction

from kc_exchange.exceptions import printable
from kc_exchange.impersonation.audit.chain import append
from kc_exchange.impersonation.errors import AuditUnavailable
from kc_exchange.models import AuditEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.db.backends.base.base import BaseDatabaseWrapper

    from kc_exchange.impersonation.audit.chain import Append
    from kc_exchange.impersonation.audit.event import Event

T = TypeVar("T")

_log = logging.getLogger("kc_exchange")
_RETRIES = 3
_PAUSE = 0.01
"""Seconds at the most before the first retry; twice as long before each other."""
_SERIALIZATION = {"40001", "40P01"}
"""PostgreSQL: serialization_failure, deadlock_detected."""
_MYSQL_CONFLICT = {1213, 1020}
"""Deadlock; and the row is newer than the snapshot (MariaDB)."""
_MYSQL_CHARACTERS = {1366, 1267, 1300, 3988}
"""A character that a column, or the connection, cannot hold."""
_SQLITE_BUSY = {5, 6}
"""SQLITE_BUSY and SQLITE_LOCKED: another connection writes."""
_working: ContextVar[bool] = ContextVar("kc_exchange_audit_working", default=False)
_ascii: set[str] = set()
"""Aliases of databases whose columns turned out not to take every character."""


def committed(work: Callable[[Append], T]) -> T:
    """Run `work(append)` in a transaction of its own, and return what it returned.

    What `work` writes and what it appends is committed together, or not at all. A
    deadlock, a serialization failure or a database that is locked leads to another
    try, three at the most: `work` may run several times.

    Args:
        work: writes state, and calls `append(event)`, which returns the row.

    Raises:
        AuditUnavailable: the database refuses, or is away; nothing was written.
        RuntimeError: a transaction is open already, so nothing would be durable.
        NotCanonical: an event's details cannot be stored.
    """
    alias = alias_of_record()
    failures = 0
    while True:
        appender = _Appender(alias)
        try:
            with _durable(alias):
                return work(appender)
        except Error as error:
            if appender.lacks_characters(error):
                _ascii.add(alias)
                continue
            failures += 1
            if failures > _RETRIES or not _passes(error):
                raise _unavailable(error) from error
        time.sleep(random.uniform(0, _PAUSE * 2**failures))  # noqa: S311 - no secret


def alias_of_record() -> str:
    """Return the alias of the database that the record is written to."""
    return router.db_for_write(AuditEvent)


def is_waiting(connection: BaseDatabaseWrapper) -> bool:
    """Whether what is written now waits for somebody else to commit it.

    The transaction around each of Django's test cases does not count.

    Raises:
        AuditUnavailable: the database is away.
    """
    blocks = connection.atomic_blocks
    if blocks:
        return not _is_test_case(blocks[-1])
    try:
        return not connection.get_autocommit()
    except Error as error:
        raise _unavailable(error) from error


def is_in_test_case(connection: BaseDatabaseWrapper) -> bool:
    """Whether a test case of Django holds the outermost transaction."""
    return any(map(_is_test_case, connection.atomic_blocks))


def is_working() -> bool:
    """Whether this is called by what `committed` runs."""
    return _working.get()


class _Appender:
    """What `work` calls; it knows whether it was the one that failed."""

    def __init__(self, alias: str) -> None:
        self._alias = alias
        self._ascii_only = alias in _ascii
        self._failure: Error | None = None

    def __call__(self, event: Event) -> AuditEvent:
        try:
            return append(event, self._alias, ascii_only=self._ascii_only)
        except Error as error:
            self._failure = error
            raise

    def lacks_characters(self, error: Error) -> bool:
        """Whether its columns, being all but ASCII, are what the database refused."""
        if error is not self._failure or self._ascii_only:
            return False
        return isinstance(error, DataError) or _number(error) in _MYSQL_CHARACTERS


def _is_test_case(block: Any) -> bool:
    return bool(block._from_testcase)  # noqa: SLF001 - what durable=True looks at


@contextmanager
def _durable(alias: str) -> Iterator[None]:
    connection = connections[alias]
    if not connection.in_atomic_block and not connection.get_autocommit():
        raise RuntimeError(
            "The connection is not in autocommit mode, so an audit event would not be "
            "durable. Fix: let Django manage transactions (AUTOCOMMIT)."
        )
    token = _working.set(True)
    try:
        with transaction.atomic(using=alias, durable=True):
            if connection.vendor == "sqlite":
                _be_the_writer(connection)
            yield
    finally:
        _working.reset(token)


def _be_the_writer(connection: BaseDatabaseWrapper) -> None:
    """Take SQLite's one lock before anything is read.

    A transaction that reads first, and writes when another has written since, is
    refused at once, however long the timeout.
    """
    with connection.cursor() as cursor:
        cursor.execute("UPDATE kc_exchange_audithead SET size = size WHERE 0")


def _passes(error: Error) -> bool:
    """Whether another try may go better."""
    driver = error.__cause__
    state = getattr(driver, "sqlstate", None) or getattr(driver, "pgcode", None)
    busy = getattr(driver, "sqlite_errorcode", 0) & 0xFF in _SQLITE_BUSY
    return state in _SERIALIZATION or busy or _number(error) in _MYSQL_CONFLICT


def _number(error: Error) -> object:
    """Return MySQL's number of the error; something else at other databases."""
    return error.args[0] if error.args else None


def _unavailable(error: Error) -> AuditUnavailable:
    _log.error("kc_exchange.audit_unavailable %s", printable(error))
    return AuditUnavailable()
