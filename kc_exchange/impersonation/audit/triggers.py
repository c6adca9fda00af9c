"""What the database itself refuses: SQL of the triggers, engine by engine.

Nothing but the next event is added, and none is changed or deleted; the head goes
forward by one, to an event that is there. Whoever owns the tables can drop triggers:
that is what signed checkpoints are for.
"""

# ruff: noqa: S608 - nothing in it comes from outside
from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

EVENTS = "kc_exchange_auditevent"
HEAD = "kc_exchange_audithead"
FUNCTION = "kc_exchange_audit_guard"
_KEPT = "kc_exchange: the audit record is append-only; this is no append"
"""At most 128 characters, for MySQL."""

_IS_NEXT = f"""EXISTS (SELECT 1 FROM {HEAD}
  WHERE size + 1 = NEW.seq AND hash = NEW.previous_hash)"""
_IS_STEP = f"""NEW.id = OLD.id AND NEW.size = OLD.size + 1 AND EXISTS (
  SELECT 1 FROM {EVENTS} WHERE seq = NEW.size
  AND previous_hash = OLD.hash AND hash = NEW.hash)"""

# REPLACE deletes what is in the way without a DELETE trigger: the same seq, event_id,
# or rowid, which is -1 here unless the statement gives it.
_SQLITE = {
    f"{EVENTS}_no_update": f"BEFORE UPDATE ON {EVENTS}",
    f"{EVENTS}_no_delete": f"BEFORE DELETE ON {EVENTS}",
    f"{EVENTS}_next": f"""BEFORE INSERT ON {EVENTS}
WHEN NOT {_IS_NEXT} OR EXISTS (SELECT 1 FROM {EVENTS}
  WHERE seq = NEW.seq OR event_id = NEW.event_id OR rowid = NEW.rowid)""",
    f"{HEAD}_no_insert": f"BEFORE INSERT ON {HEAD}",
    f"{HEAD}_no_delete": f"BEFORE DELETE ON {HEAD}",
    f"{HEAD}_step": f"BEFORE UPDATE ON {HEAD}\nWHEN NOT ({_IS_STEP})",
}
_MYSQL = {
    f"{EVENTS}_no_update": (f"UPDATE ON {EVENTS}", "TRUE"),
    f"{EVENTS}_no_delete": (f"DELETE ON {EVENTS}", "TRUE"),
    f"{EVENTS}_next": (f"INSERT ON {EVENTS}", f"NOT {_IS_NEXT}"),
    f"{HEAD}_no_insert": (f"INSERT ON {HEAD}", "TRUE"),
    f"{HEAD}_no_delete": (f"DELETE ON {HEAD}", "TRUE"),
    f"{HEAD}_step": (f"UPDATE ON {HEAD}", f"NOT ({_IS_STEP})"),
}
_POSTGRESQL = {
    f"{EVENTS}_no_change": f"UPDATE OR DELETE ON {EVENTS} FOR EACH ROW",
    f"{EVENTS}_no_truncate": f"TRUNCATE ON {EVENTS} FOR EACH STATEMENT",
    f"{EVENTS}_next": f"INSERT ON {EVENTS} FOR EACH ROW",
    f"{HEAD}_no_insert": f"INSERT ON {HEAD} FOR EACH ROW",
    f"{HEAD}_step": f"UPDATE OR DELETE ON {HEAD} FOR EACH ROW",
    f"{HEAD}_no_truncate": f"TRUNCATE ON {HEAD} FOR EACH STATEMENT",
}
# A temporary table of the same name must not be asked instead: hence the schema.
_POSTGRESQL_FUNCTION = f"""CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger
LANGUAGE plpgsql AS $guard$
DECLARE
  fits boolean := false;
BEGIN
  IF TG_TABLE_NAME = '{EVENTS}' AND TG_OP = 'INSERT' THEN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.{HEAD}
      WHERE size + 1 = $1 AND hash = $2)', TG_TABLE_SCHEMA)
      INTO fits USING NEW.seq, NEW.previous_hash;
  ELSIF TG_TABLE_NAME = '{HEAD}' AND TG_OP = 'UPDATE' THEN
    EXECUTE format('SELECT $1 = $2 AND $3 = $4 + 1 AND EXISTS (SELECT 1
      FROM %I.{EVENTS} WHERE seq = $3 AND previous_hash = $5 AND hash = $6)',
      TG_TABLE_SCHEMA)
      INTO fits USING NEW.id, OLD.id, NEW.size, OLD.size, OLD.hash, NEW.hash;
  END IF;
  IF NOT fits THEN
    RAISE EXCEPTION '{_KEPT}' USING ERRCODE = 'restrict_violation',
      DETAIL = TG_OP || ' on ' || TG_TABLE_NAME || ' was refused.',
      HINT = 'Record another event instead.';
  END IF;
  RETURN NEW;
END $guard$"""

NAMES: Mapping[str, frozenset[str]] = {
    "sqlite": frozenset(_SQLITE),
    "mysql": frozenset(_MYSQL),
    "postgresql": frozenset(_POSTGRESQL),
}
"""Names of the triggers, by the vendor of the database."""

ALWAYS = frozenset(n for n, e in _POSTGRESQL.items() if not e.startswith("INSERT"))
"""Triggers of PostgreSQL that must not be switched off by a replica's session."""


def head_row() -> str:
    """Return the SQL that begins the chain."""
    return f"INSERT INTO {HEAD} (id, size, hash) VALUES (1, 0, '{'0' * 64}')"


def create(vendor: str) -> list[str]:
    """Return the SQL that creates the triggers; nothing for a database unknown here."""
    if vendor == "sqlite":
        refuse = f"BEGIN SELECT RAISE(ABORT, '{_KEPT}'); END"
        return [f"CREATE TRIGGER {k} {v}\n{refuse}" for k, v in _SQLITE.items()]
    if vendor == "mysql":
        # A migration that failed halfway was not rolled back there.
        made = [_mysql(name, *what) for name, what in _MYSQL.items()]
        return [*drop(vendor), *made]
    if vendor == "postgresql":
        return [_POSTGRESQL_FUNCTION, *_postgresql()]
    return []


def drop(vendor: str) -> list[str]:
    """Return the SQL that takes the triggers away again."""
    dropped = []
    for name in sorted(NAMES.get(vendor, ())):
        on = f" ON {_table(name)}" if vendor == "postgresql" else ""
        dropped.append(f"DROP TRIGGER IF EXISTS {name}{on}")
    if vendor == "postgresql":
        dropped.append(f"DROP FUNCTION IF EXISTS {FUNCTION}()")
    return dropped


def _table(trigger: str) -> str:
    return HEAD if trigger.startswith(HEAD) else EVENTS


def _mysql(name: str, event: str, wrong: str) -> str:
    return f"""CREATE TRIGGER {name} BEFORE {event} FOR EACH ROW
BEGIN
  IF {wrong} THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{_KEPT}';
  END IF;
END"""


def _postgresql() -> list[str]:
    """Let them fire in a replica's session too, but for those on INSERT.

    A subscriber copies the tables one by one, the head maybe last.
    """
    made = []
    for name, event in _POSTGRESQL.items():
        made.append(
            f"CREATE TRIGGER {name} BEFORE {event} EXECUTE FUNCTION {FUNCTION}()"
        )
        if name in ALWAYS:
            made.append(f"ALTER TABLE {_table(name)} ENABLE ALWAYS TRIGGER {name}")
    return made
