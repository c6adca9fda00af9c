"""What the owner of a database can do to the record in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.db import connections

from kc_exchange.impersonation.audit.canonical import canonical
from kc_exchange.impersonation.audit.chain import link
from kc_exchange.impersonation.audit.event import columns
from kc_exchange.models import AuditEvent, AuditHead

if TYPE_CHECKING:
    from collections.abc import Callable

EVENTS = "kc_exchange_auditevent"
HEAD = "kc_exchange_audithead"
_TRIGGERS = {
    "sqlite": "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": (
        "SELECT tgname, relname FROM pg_trigger "
        "JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal"
    ),
    "mysql": (
        "SELECT trigger_name, event_object_table FROM information_schema.triggers "
        "WHERE trigger_schema = DATABASE()"
    ),
}


class Owner:
    """The owner of a database: no trigger stops them.

    Works on SQLite, PostgreSQL and MariaDB alike; `alias` is one of `connections`.
    """

    def __init__(self, alias: str) -> None:
        self.alias = alias

    @property
    def vendor(self) -> str:
        """The vendor of the database, as Django calls it."""
        return connections[self.alias].vendor

    def run(self, sql: str, *values: Any) -> None:
        """Run one statement, with %s for values."""
        with connections[self.alias].cursor() as cursor:
            cursor.execute(sql, values)

    def copy(self, seq: int) -> None:
        """Add a row that equals another; the table must have lost its keys."""
        columns = "SELECT * FROM kc_exchange_auditevent WHERE seq = %s"
        self.run(f"INSERT INTO kc_exchange_auditevent {columns}", seq)

    def renumber_newest(self, seq: Any) -> None:
        """Give the row that was added last another number (SQLite)."""
        newest = "(SELECT MAX(rowid) FROM kc_exchange_auditevent)"
        sql = f"UPDATE kc_exchange_auditevent SET seq = %s WHERE rowid = {newest}"
        self.run(sql, seq)

    def drop_triggers(self) -> int:
        """Drop every trigger of the record, and return how many there were."""
        connection = connections[self.alias]
        with connection.cursor() as cursor:
            cursor.execute(_TRIGGERS[connection.vendor])
            found = [row for row in cursor.fetchall() if row[1] in {EVENTS, HEAD}]
            for name, table in found:
                on = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER {connection.ops.quote_name(name)}{on}")
        return len(found)

    def update(self, seq: int, /, **changes: Any) -> None:
        """Change columns of one event."""
        sets = ", ".join(f"{name} = %s" for name in changes)
        sql = f"UPDATE kc_exchange_auditevent SET {sets} WHERE seq = %s"
        self.run(sql, *changes.values(), seq)

    def delete(self, seq: int) -> None:
        """Delete one event."""
        self.run("DELETE FROM kc_exchange_auditevent WHERE seq = %s", seq)

    def renumber(self, first: int, by: int) -> None:
        """Move the numbers of all events from `first` on."""
        self.run(
            "UPDATE kc_exchange_auditevent SET seq = -(seq + %s) WHERE seq >= %s",
            by,
            first,
        )
        self.run("UPDATE kc_exchange_auditevent SET seq = -seq WHERE seq < 0")

    def set_head(self, size: int, digest: str) -> None:
        """Let the head say something else."""
        self.run("UPDATE kc_exchange_audithead SET size = %s, hash = %s", size, digest)

    def forge(self, seq: int, said: dict[str, Any], previous: str) -> AuditEvent:
        """Return an event that says `said`, with columns and hash to match."""
        payload = canonical({**said, "seq": seq})
        return AuditEvent(
            seq=seq,
            **columns({**said, "seq": seq}),
            payload=payload,
            previous_hash=previous,
            hash=link(seq, previous, payload),
        )

    def insert(self, event: AuditEvent) -> None:
        """Add a row, past the chain."""
        event.save(using=self.alias, force_insert=True)

    def event(self, seq: int) -> AuditEvent:
        """Return one event."""
        return AuditEvent.objects.using(self.alias).get(seq=seq)

    def said(self, seq: int) -> dict[str, Any]:
        """Return the payload of an event."""
        said: dict[str, Any] = json.loads(bytes(self.event(seq).payload))
        return said

    def hash_before(self, seq: int) -> str:
        """Return the hash that an event follows."""
        return self.event(seq - 1).hash if seq > 1 else "0" * 64

    def rewrite(self, first: int, change: Callable[[dict[str, Any]], None]) -> None:
        """Change an event, and compute every hash after it and the head anew."""
        size = AuditHead.objects.using(self.alias).get().size
        for seq in range(first, size + 1):
            said = self.said(seq)
            if seq == first:
                change(said)
            event = self.forge(seq, said, self.hash_before(seq))
            self.delete(seq)
            self.insert(event)
        self.set_head(size, self.event(size).hash)

    def without_constraints(self) -> None:
        """Build the table of events anew, as it was but for its keys."""
        self.run("CREATE TABLE aside AS SELECT * FROM kc_exchange_auditevent")
        self.run("DROP TABLE kc_exchange_auditevent")
        self.run("ALTER TABLE aside RENAME TO kc_exchange_auditevent")


def rows_of(alias: str) -> list[tuple[Any, ...]]:
    """Return the whole table of events, as the database has it."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT * FROM kc_exchange_auditevent ORDER BY seq")
        return list(cursor.fetchall())
