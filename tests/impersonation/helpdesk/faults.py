"""What a database does when it does not do what it should."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import connections, transaction

from tests.impersonation.audit.engines import run
from tests.impersonation.audit.tools import connected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.impersonation.helpdesk.running import Place

_ON_INSERT = "CREATE TRIGGER fault BEFORE INSERT ON kc_exchange_auditevent"
_FUNCTION = (
    "CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql "
    "AS $$ BEGIN RAISE 'no event today'; END $$"
)
_SIGNAL = "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no event today'"
_REFUSING = {
    "sqlite": [f"{_ON_INSERT} BEGIN SELECT RAISE(ABORT, 'no event today'); END"],
    "mysql": [f"{_ON_INSERT} FOR EACH ROW {_SIGNAL}"],
    "postgresql": [_FUNCTION, f"{_ON_INSERT} FOR EACH ROW EXECUTE FUNCTION fault()"],
}
_WORKING = {
    "sqlite": ["DROP TRIGGER fault"],
    "mysql": ["DROP TRIGGER fault"],
    "postgresql": ["DROP FUNCTION fault CASCADE"],
}
_LOCK = {
    "sqlite": "BEGIN IMMEDIATE",
    "mysql": "SELECT size FROM kc_exchange_audithead FOR UPDATE",
    "postgresql": "SELECT size FROM kc_exchange_audithead FOR UPDATE",
}
_IMPATIENT: dict[str, Any] = {
    "sqlite": {"timeout": 0.1},
    "mysql": {"init_command": "SET innodb_lock_wait_timeout = 1"},
    "postgresql": {"options": "-c lock_timeout=200"},
}
_READ_ONLY: dict[str, Any] = {
    "mysql": {"init_command": "SET SESSION TRANSACTION READ ONLY"},
    "postgresql": {"options": "-c default_transaction_read_only=on"},
}
_OTHERS = {
    "mysql": "SELECT id FROM information_schema.processlist "
    "WHERE db = DATABASE() AND id <> CONNECTION_ID()",
    "postgresql": "SELECT pid FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()",
}
_CUT_OFF = {"mysql": "KILL {}", "postgresql": "SELECT pg_terminate_backend({})"}


class Faults:
    """Faults of one database, made by its owner in this process, which is another."""

    def __init__(self, place: Place) -> None:
        self.place = place
        engine = place.get("ENGINE", "sqlite").rpartition(".")[2]
        self.vendor = "postgresql" if engine == "postgresql" else engine

    @property
    def impatient(self) -> Place:
        """The database for those who do not wait for a lock for long."""
        return {**self.place, "OPTIONS": _IMPATIENT[self.vendor]}

    @contextmanager
    def refusing(self) -> Iterator[Place]:
        """Let the table of events take no row."""
        with self._owner():
            self._run(*_REFUSING[self.vendor])
        yield self.place
        with self._owner():
            self._run(*_WORKING[self.vendor])

    @contextmanager
    def locked(self) -> Iterator[Place]:
        """Lock what a writer needs; those who come do not wait for long."""
        with self._owner():
            if self.vendor == "sqlite":
                self._run(_LOCK[self.vendor])
                yield self.impatient
                self._run("ROLLBACK")
                return
            with transaction.atomic("owner"):
                self._run(_LOCK[self.vendor])
                yield self.impatient

    @contextmanager
    def read_only(self) -> Iterator[Place]:
        """Let nobody write who comes from now on."""
        if self.vendor != "sqlite":
            yield {**self.place, "OPTIONS": _READ_ONLY[self.vendor]}
            return
        name = f"file:{self.place['NAME']}?mode=ro"
        yield {"NAME": name, "OPTIONS": {"uri": True}}

    @contextmanager
    def full(self) -> Iterator[Place]:
        """Let a file of SQLite be on a disk that takes no more; see `process`."""
        yield {**self.place, "DISK": 0}

    @contextmanager
    def cut_off(self) -> Iterator[Place]:
        """End every connection to a server's database; new ones are welcome."""
        with self._owner():
            others = run("owner", _OTHERS[self.vendor])
            for (number,) in others:
                self._run(_CUT_OFF[self.vendor].format(number))
        assert others
        yield self.place

    @contextmanager
    def _owner(self) -> Iterator[None]:
        with connected("owner", **self.place):
            yield

    def _run(self, *statements: str) -> None:
        for sql in statements:
            with connections["owner"].cursor() as cursor:
                cursor.execute(sql)
