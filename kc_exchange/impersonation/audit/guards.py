"""Which of the walls around the record stand in this database, and what is missing."""

# ruff: noqa: S608 - nothing in it comes from outside
from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.apps import apps
from django.db import connections, router
from django.db.migrations.loader import MigrationLoader
from django.db.models.signals import post_migrate

from kc_exchange.impersonation.audit import triggers
from kc_exchange.models import AuditEvent, AuditHead

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_HARMFUL = {
    triggers.EVENTS: ("UPDATE", "DELETE", "TRUNCATE", "DROP", "ALTER", "TRIGGER"),
    triggers.HEAD: ("INSERT", "DELETE", "TRUNCATE", "DROP", "ALTER", "TRIGGER"),
}
"""Privileges that nobody needs who only records."""
_SQLITE = "SELECT name, 'A' FROM sqlite_master WHERE type = 'trigger'"
_POSTGRESQL = (
    "SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid IN "
    f"(to_regclass('{triggers.EVENTS}'), to_regclass('{triggers.HEAD}'))"
)
_MYSQL = (
    "SELECT trigger_name, 'A' FROM information_schema.triggers "
    "WHERE trigger_schema = DATABASE()"
)
_ROLE = """SELECT privilege_type FROM information_schema.user_privileges
WHERE grantee = {me} UNION
SELECT privilege_type FROM information_schema.schema_privileges
WHERE grantee = {me} AND DATABASE() LIKE table_schema UNION
SELECT privilege_type FROM information_schema.table_privileges
WHERE grantee = {me} AND table_schema = DATABASE() AND table_name = %s""".format(
    me="CONCAT('''', SUBSTRING_INDEX(CURRENT_USER(), '@', 1), '''@''', "
    "SUBSTRING_INDEX(CURRENT_USER(), '@', -1), '''')"
)
_OWNER_HINT = (
    "Let another role own the tables and run migrations; grant this one SELECT and "
    f"INSERT on {triggers.EVENTS}, SELECT and UPDATE on {triggers.HEAD}, and none of "
    "these. Keep signed checkpoints elsewhere all the same."
)


class Missing(NamedTuple):
    """Something that does not stand between the record and a change of it."""

    number: str
    """Of the system check: W020 to W023."""
    message: str
    hint: str


def missing_guards(connection: BaseDatabaseWrapper) -> list[Missing]:
    """Return what the database lets happen to the record, and what helps.

    W020: no triggers are known for this engine. W021: a trigger is missing, or is
    switched off. W022: this connection's role could undo the triggers, or go around
    them. W023: the role cannot see whether the triggers are there.

    Nothing is found where the tables are not there yet.

    Raises:
        django.db.Error: the database is away.
    """
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    if not {triggers.EVENTS, triggers.HEAD} <= set(tables):
        return []
    names = triggers.NAMES.get(connection.vendor)
    if names is None:
        hint = "Use SQLite, PostgreSQL, MySQL or MariaDB, or keep signed checkpoints."
        text = f"No triggers guard the audit record on {connection.display_name}."
        return [Missing("W020", text, hint)]
    powers = _powers(connection)
    return [*_without_trigger(connection, names, powers), *_too_powerful(powers)]


def install_without_migrations(using: str, **_kwargs: Any) -> None:
    """Make the tables of the record where the app is installed without migrations.

    They are not managed, so that `flush` leaves them alone, and so does `migrate
    --run-syncdb`: a test run with `--nomigrations` would have none. Receives
    `post_migrate`.
    """
    label = AuditEvent._meta.app_label  # noqa: SLF001
    connection = connections[using]
    if MigrationLoader.migrations_module(label)[0] is not None:
        return
    if not router.allow_migrate_model(using, AuditEvent):
        return
    if triggers.HEAD in connection.introspection.table_names():
        return
    with connection.schema_editor() as editor:
        for model in (AuditEvent, AuditHead):
            editor.create_model(model)
        for sql in [triggers.head_row(), *triggers.create(connection.vendor)]:
            editor.execute(sql, params=None)


def connect() -> None:
    """Connect the receiver; once, when the apps are ready."""
    post_migrate.connect(
        install_without_migrations,
        sender=apps.get_app_config("kc_exchange"),
        dispatch_uid="kc_exchange.impersonation.audit.guards",
    )


def _without_trigger(
    connection: BaseDatabaseWrapper, names: frozenset[str], powers: dict[str, list[str]]
) -> list[Missing]:
    sql = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL, "mysql": _MYSQL}
    found = dict(_rows(connection, sql[connection.vendor]))
    if not found and _hides_triggers(connection, powers):
        hint = "Run this check once as the role that owns the tables."
        text = "This database role cannot see whether triggers guard the audit record."
        return [Missing("W023", text, hint)]
    working = {
        name
        for name, enabled in found.items()
        if enabled == "A" or (enabled == "O" and name not in triggers.ALWAYS)
    }
    hint = (
        "Find out who took it away. Then, as the tables' owner: manage.py migrate "
        "kc_exchange 0002; manage.py migrate kc_exchange. No record is lost by it."
    )
    return [
        Missing("W021", f"The audit record's trigger {name} is missing or off.", hint)
        for name in sorted(names - working)
    ]


def _hides_triggers(connection: Any, powers: dict[str, list[str]]) -> bool:
    """Whether the role sees no trigger: MySQL, unlike MariaDB, shows none to most."""
    if connection.vendor != "mysql" or connection.mysql_is_mariadb:
        return False
    return "TRIGGER" not in powers[triggers.EVENTS]


def _too_powerful(powers: dict[str, list[str]]) -> list[Missing]:
    """Tell which tables the role may change beside recording."""
    return [
        Missing(
            "W022",
            f"The database role of this site may go around the triggers of {table}: "
            f"it has {', '.join(found)}.",
            _OWNER_HINT,
        )
        for table, found in powers.items()
        if found
    ]


def _powers(connection: BaseDatabaseWrapper) -> dict[str, list[str]]:
    """Return the harmful privileges of the role, table by table."""
    if connection.vendor == "postgresql":
        return {table: _powers_postgresql(connection, table) for table in _HARMFUL}
    if connection.vendor == "mysql":
        held = {t: {row[0] for row in _rows(connection, _ROLE, t)} for t in _HARMFUL}
        return {t: [p for p in harm if p in held[t]] for t, harm in _HARMFUL.items()}
    return {table: [] for table in _HARMFUL}


def _powers_postgresql(connection: BaseDatabaseWrapper, table: str) -> list[str]:
    asked = [p for p in _HARMFUL[table] if p not in {"DROP", "ALTER"}]
    each = ", ".join(f"has_table_privilege(c.oid, '{p}')" for p in asked)
    owns = f"SELECT pg_has_role(c.relowner, 'USAGE'), {each}"
    sql = f"{owns} FROM pg_class c WHERE c.oid = to_regclass(%s)"
    [row] = _rows(connection, sql, table)
    named = zip(["ownership", *asked], row, strict=True)
    return [name for name, has in named if has]


def _rows(
    connection: BaseDatabaseWrapper, sql: str, *values: Any
) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return list(cursor.fetchall())
