"""What `manage.py check` says of the walls around the record, and who needs what."""

from __future__ import annotations

from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connections
from django.test import override_settings

from kc_exchange.impersonation import audit
from kc_exchange.impersonation.audit import guards, triggers
from kc_exchange.impersonation.audit.guards import missing_guards
from kc_exchange.impersonation.audit.triggers import EVENTS, HEAD
from kc_exchange.impersonation.people import Person
from kc_exchange.models import AuditEvent
from tests.impersonation.audit.engines import SERVERS, run
from tests.impersonation.audit.tools import Router, connected

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.impersonation.audit.history import History

ALIAS = "record"
POSTGRESQL, MARIADB = ([param] for param in SERVERS)
ON_A_SERVER = pytest.mark.parametrize("engine", SERVERS, indirect=True)


def event() -> audit.Event:
    """Return an event."""
    return audit.Event(type="token.issued", operator=Person(id="2", name="sam"))


def found(number: str, alias: str = ALIAS) -> list[str]:
    """Return what is missing under that number."""
    missing = missing_guards(connections[alias])
    assert all(one.message.endswith(".") and one.hint.endswith(".") for one in missing)
    return [one.message for one in missing if one.number == number]


def test_guards__all_there(engine: History) -> None:
    """Only that the role of the tests owns the tables is told, where roles exist."""
    numbers = {one.number for one in missing_guards(connections[ALIAS])}
    assert numbers == (set() if connections[ALIAS].vendor == "sqlite" else {"W022"})


def test_guards__all_gone(engine: History) -> None:
    """Each is named, until they are there again."""
    vendor = connections[ALIAS].vendor
    for sql in triggers.drop(vendor):
        run(ALIAS, sql)
    told = " ".join(found("W021"))
    assert all(f" {name} " in told for name in triggers.NAMES[vendor])
    for sql in triggers.create(vendor):
        run(ALIAS, sql)
    assert found("W021") == []


def test_guards__one_trigger(history: History) -> None:
    run(ALIAS, f"DROP TRIGGER {EVENTS}_no_update")
    [message] = found("W021")
    assert (
        message == f"The audit record's trigger {EVENTS}_no_update is missing or off."
    )


@pytest.mark.parametrize("engine", POSTGRESQL, indirect=True)
@pytest.mark.parametrize(
    ("state", "told"),
    [("DISABLE TRIGGER", 1), ("ENABLE REPLICA TRIGGER", 1), ("ENABLE TRIGGER", 1),
     ("ENABLE ALWAYS TRIGGER", 0)],
)  # fmt: skip
def test_guards__trigger_that_is_off(engine: History, state: str, told: int) -> None:
    """Off for everybody, or for a replica's session alone: both are holes."""
    run(ALIAS, f"ALTER TABLE {EVENTS} {state} {EVENTS}_no_change")
    assert len(found("W021")) == told


def test_guards__before_the_tables_are_there(
    tmp_path: Path, django_db_blocker: Any
) -> None:
    """`migrate` runs the checks before it makes the tables."""
    path = str(tmp_path / "empty.sqlite3")
    with django_db_blocker.unblock(), connected("empty", NAME=path):
        assert missing_guards(connections["empty"]) == []


def test_guards__of_an_unknown_engine(history: History) -> None:
    """Nothing is created there, nothing fails, and the check tells it."""
    connection = connections[ALIAS]
    connection.vendor = "oracle"
    connection.display_name = "Oracle"
    assert found("W020") == ["No triggers guard the audit record on Oracle."]
    assert triggers.create("oracle") == triggers.drop("oracle") == []


GRANTS = [
    f"GRANT SELECT, INSERT ON {EVENTS} TO {{}}",
    f"GRANT SELECT, UPDATE ON {HEAD} TO {{}}",
]


@contextmanager
def role(history: History) -> Iterator[str]:
    """Yield the alias of a connection whose role may only record."""
    mysql = connections[ALIAS].vendor == "mysql"
    name = f"clerk_{connections[ALIAS].settings_dict['NAME'][-12:]}"
    who, word = (f"{name}@'%%'", "IDENTIFIED BY") if mysql else (name, "PASSWORD")
    run(ALIAS, f"CREATE USER {who} {word} 'only-for-tests'".replace("%%", "%"))
    for grant in GRANTS:
        run(ALIAS, grant.format(who).replace("%%", "%"))
    place = {**connections.settings[ALIAS], "USER": name, "PASSWORD": "only-for-tests"}
    try:
        with connected("clerk", **place):
            yield "clerk"
    finally:
        if not mysql:
            run(ALIAS, f"DROP OWNED BY {who}")
        run(ALIAS, f"DROP USER {who}".replace("%%", "%"))


@ON_A_SERVER
def test_role__that_may_only_record(engine: History, settings: Any) -> None:
    """The grants that the hint names are enough to append, and for nothing else."""
    engine.write()
    with role(engine) as clerk:
        settings.DATABASE_ROUTERS = [Router(clerk)]
        audit.record(event())
        for sql in (
            f"UPDATE {EVENTS} SET code = 'x'",
            f"DELETE FROM {EVENTS}",
            f"TRUNCATE TABLE {EVENTS}",
            f"TRUNCATE TABLE {HEAD}",
            f"DELETE FROM {HEAD}",
            f"DROP TABLE {EVENTS}",
            triggers.head_row(),
            *triggers.drop(connections[clerk].vendor)[:1],
            f"ALTER TABLE {EVENTS} ADD extra integer",
        ):
            with pytest.raises(DatabaseError, match=r"denied|permission|owner|SUPER"):
                run(clerk, sql)
        assert AuditEvent.objects.count() == 10
        assert found("W022", clerk) == []
        assert found("W021", clerk) == []
        settings.DATABASE_ROUTERS = [Router(ALIAS)]
    assert engine.verify().is_sound


@ON_A_SERVER
@pytest.mark.parametrize(
    ("power", "table"),
    [("UPDATE", EVENTS), ("DELETE", EVENTS), ("TRIGGER", EVENTS), ("INSERT", HEAD)],
)
def test_role__that_may_more(engine: History, power: str, table: str) -> None:
    with role(engine) as clerk:
        name = connections[clerk].settings_dict["USER"]
        mysql = connections[ALIAS].vendor == "mysql"
        run(ALIAS, f"GRANT {power} ON {table} TO {name}" + ("@'%'" if mysql else ""))
        [message] = found("W022", clerk)
    assert table in message
    assert message.endswith(f"it has {power}.")


@pytest.mark.parametrize("engine", MARIADB, indirect=True)
@pytest.mark.parametrize("hides", [False, True])
def test_role__that_sees_no_trigger(engine: History, hides: bool) -> None:
    """MySQL shows its triggers to few roles, MariaDB their names to all of them."""
    with role(engine) as clerk:
        engine.owner.drop_triggers()
        connections[clerk].mysql_is_mariadb = not hides  # type: ignore[attr-defined]
        assert len(found("W023", clerk)) == (1 if hides else 0)
        assert len(found("W021", clerk)) == (0 if hides else 6)


@ON_A_SERVER
def test_role__that_owns_the_tables(engine: History) -> None:
    power = "DROP" if connections[ALIAS].vendor == "mysql" else "ownership"
    assert [power in message for message in found("W022")] == [True, True]


def test_migration__back_and_forth(engine: History) -> None:
    """The triggers go and come again; the record and its head stay."""
    engine.write()
    call_command("migrate", "kc_exchange", "0002", database=ALIAS, verbosity=0)
    assert len(found("W021")) == len(triggers.NAMES[connections[ALIAS].vendor])
    run(ALIAS, f"UPDATE {EVENTS} SET code = code")
    call_command("migrate", "kc_exchange", database=ALIAS, verbosity=0)
    assert found("W021") == []
    audit.record(event())
    assert engine.size == 10
    assert engine.verify().is_sound


@pytest.mark.parametrize("engine", MARIADB, indirect=True)
def test_migration__where_a_binary_log_forbids_triggers(engine: History) -> None:
    """As on many a hosted MySQL: the message says what helps."""
    name = connections[ALIAS].settings_dict["NAME"]
    call_command("migrate", "kc_exchange", "0002", database=ALIAS, verbosity=0)
    run(ALIAS, "CREATE USER hosted@'%' IDENTIFIED BY 'only-for-tests'")
    run(ALIAS, f"GRANT ALL ON {name}.* TO hosted@'%'")
    place = {**connections.settings[ALIAS], "USER": "hosted"}
    try:
        with (
            connected("hosted", **place | {"PASSWORD": "only-for-tests"}),
            pytest.raises(OperationalError, match="log_bin_trust_function_creators"),
        ):
            call_command("migrate", "kc_exchange", database="hosted", verbosity=0)
    finally:
        run(ALIAS, "DROP USER hosted@'%'")


def test_migration__as_sql(engine: History) -> None:
    """An owner who is not the app can read and run what the migration does."""
    out = StringIO()
    options = {"database": ALIAS, "stdout": out, "no_color": True}
    call_command("sqlmigrate", "kc_exchange", "0003", **options)
    for name in triggers.NAMES[connections[ALIAS].vendor]:
        assert f"CREATE TRIGGER {name} " in out.getvalue()
    assert triggers.head_row() in out.getvalue()
    call_command("sqlmigrate", "kc_exchange", "0003", backwards=True, **options)
    assert f"DROP TRIGGER IF EXISTS {EVENTS}_next" in out.getvalue()


def test_without_migrations(
    tmp_path: Path, settings: Any, django_db_blocker: Any
) -> None:
    """Tests that run without migrations have the tables of the record all the same."""
    path = str(tmp_path / "bare.sqlite3")
    with (
        django_db_blocker.unblock(),
        connected(ALIAS, NAME=path),
        override_settings(MIGRATION_MODULES={"kc_exchange": None}),
    ):
        settings.DATABASE_ROUTERS = [Router(ALIAS)]
        call_command("migrate", database=ALIAS, run_syncdb=True, verbosity=0)
        audit.record(event())
        guards.install_without_migrations(ALIAS)
        assert AuditEvent.objects.count() == 1
        assert found("W021") == []
