"""One thread with a connection of its own, for events inside of transactions."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from django.db import connections

from kc_exchange import forks
from kc_exchange.impersonation.audit.committing import alias_of_record, committed
from kc_exchange.impersonation.errors import AuditUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kc_exchange.impersonation.audit.chain import Append
    from kc_exchange.impersonation.audit.event import Event


class Writer:
    """A thread; its connection is closed whenever nobody waits.

    `patience` is how many seconds a caller waits for its turn and for the database.
    """

    def __init__(self, patience: float = 30.0) -> None:
        self._patience = patience
        self._renew()
        self._lock = forks.Lock()
        forks.in_child(self._renew)

    def _renew(self) -> None:
        """Forget a thread that a forked child does not have."""
        self._pool: ThreadPoolExecutor | None = None
        self._queued = 0

    def write(self, events: Sequence[Event]) -> None:
        """Record `events`, and wait for it.

        Raises:
            AuditUnavailable: they are not recorded, or not yet.
        """
        future = self._submit(events)
        try:
            future.result(self._patience)
        except TimeoutError:
            future.cancel()
            raise AuditUnavailable(
                f"The record could not be written within {self._patience:g} seconds.",
                "Look for a transaction that keeps table kc_exchange_audithead locked.",
            ) from None

    def _submit(self, events: Sequence[Event]) -> Future[None]:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(1, "kc_exchange-audit")
            self._queued += 1
            try:
                future = self._pool.submit(self._run, events)
            except RuntimeError as error:  # the interpreter is about to end
                self._queued -= 1
                raise AuditUnavailable from error
        future.add_done_callback(self._done)
        return future

    def _run(self, events: Sequence[Event]) -> None:
        try:
            _connect()
            commit_all(events)
        finally:
            if self._queued == 1:
                _disconnect()

    def _done(self, _future: Future[None]) -> None:
        with self._lock:
            self._queued -= 1


def commit_all(events: Sequence[Event]) -> None:
    """Record `events` in one transaction; outside of any other one."""

    def work(append: Append) -> None:
        for event in events:
            append(event)

    committed(work)


def _connect() -> None:
    """Make the connection, outside of any pool: the callers have those, and wait."""
    alias = alias_of_record()
    if any(c.alias == alias for c in connections.all(initialized_only=True)):
        return
    connection = connections.create_connection(alias)
    options = {**connection.settings_dict["OPTIONS"]}
    options.pop("pool", None)
    connection.settings_dict = {**connection.settings_dict, "OPTIONS": options}
    connections[alias] = connection


def _disconnect() -> None:
    """Close this thread's connections; the next one may be to another test database."""
    for connection in connections.all(initialized_only=True):
        connection.close()
        del connections[connection.alias]


write = Writer().write
