"""An empty record on each database that is supported, with real commits."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import environ
import pytest
from django.core.management import call_command
from django.db import connections

from kc_exchange.impersonation.audit import triggers
from tests.impersonation.audit.history import History
from tests.impersonation.audit.tools import Router, connected, use_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

URLS = {"postgresql": "KC_EXCHANGE_POSTGRESQL", "mariadb": "KC_EXCHANGE_MARIADB"}
SERVERS = [pytest.param(name, marks=pytest.mark.database) for name in URLS]
_ALIAS = "record"
_EMPTIED = ("impersonationgrant", "granttoken", "keycloakidentity")


@dataclass
class Site:
    """A database of a server, for this run alone; made empty for each test."""

    kind: str
    settings: dict[str, Any]
    template: str
    tables: list[str] = field(default_factory=list)
    """SQL that makes the tables of the record, where no template can be copied."""


def server(kind: str) -> dict[str, Any]:
    """Return the settings of a server, of which nothing is used but to make others."""
    url = os.environ.get(URLS[kind], "")
    if not url and os.environ.get("KC_EXCHANGE_REQUIRE_DATABASES") == "1":
        pytest.fail(f"{URLS[kind]} is not set, and this run must have it")
    if not url:
        pytest.skip(f'{URLS[kind]} is not set; eval "$(.ci/databases start)" sets it')
    if kind == "mariadb" and find_spec("MySQLdb") is None:
        import_module("pymysql").install_as_MySQLdb()
    found: dict[str, Any] = environ.Env.db_url_config(url)
    return found


@contextmanager
def administrator(settings: dict[str, Any]) -> Iterator[Callable[..., Any]]:
    """Yield a function that runs a statement on the server, outside of transactions."""
    with connected("administrator", **settings):
        yield lambda sql, *values: run("administrator", sql, *values)


def run(alias: str, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run one statement and return its rows."""
    with connections[alias].cursor() as cursor:
        cursor.execute(sql, values or None)
        return list(cursor.fetchall()) if cursor.description else []


@contextmanager
def created(kind: str, *, options: str = "") -> Iterator[Site]:
    """Make a database with the tables of the project; drop it at the end."""
    settings, name = server(kind), f"kc_exchange_{uuid4().hex[:12]}"
    with administrator(settings) as administer:
        administer(f"CREATE DATABASE {name} {options}")
    site = Site(kind, {**settings, "NAME": name}, name)
    try:
        with connected("migrated", **site.settings):
            call_command("migrate", database="migrated", verbosity=0)
            if kind == "mariadb":
                site.tables = [
                    run("migrated", f"SHOW CREATE TABLE {table}")[0][1]
                    for table in (triggers.EVENTS, triggers.HEAD)
                ]
        yield site
    finally:
        with administrator(settings) as administer:
            administer(f"DROP DATABASE {name}")


@contextmanager
def emptied(site: Site) -> Iterator[dict[str, Any]]:
    """Yield the settings of a database whose record is empty."""
    if site.kind == "mariadb":
        with connected("emptied", **site.settings):
            _make_anew("emptied", site)
        yield site.settings
        return
    name = f"kc_exchange_{uuid4().hex[:12]}"
    with administrator(site.settings | {"NAME": "postgres"}) as administer:
        administer(f"CREATE DATABASE {name} TEMPLATE {site.template}")
    try:
        yield {**site.settings, "NAME": name}
    finally:
        with administrator(site.settings | {"NAME": "postgres"}) as administer:
            administer(f"DROP DATABASE {name}")


def _make_anew(alias: str, site: Site) -> None:
    for table in _EMPTIED:
        run(alias, f"DELETE FROM kc_exchange_{table}")
    for table in (triggers.EVENTS, triggers.HEAD):
        run(alias, f"DROP TABLE IF EXISTS {table}")
    for sql in [*site.tables, triggers.head_row(), *triggers.create("mysql")]:
        run(alias, sql)


@pytest.fixture(scope="session")
def site(django_db_blocker: Any) -> Iterator[Callable[[str], Site]]:
    """Return a function: the database of a server, made when it is asked for first."""
    made: dict[str, Site] = {}
    running = ExitStack()

    def get(kind: str) -> Site:
        if kind not in made:
            made[kind] = running.enter_context(created(kind))
        return made[kind]

    yield get
    with django_db_blocker.unblock():
        running.close()


@pytest.fixture(params=["sqlite", *SERVERS])
def engine(
    request: pytest.FixtureRequest,
    migrated: Path,
    site: Callable[[str], Site],
    tmp_path: Path,
    settings: Any,
    django_db_blocker: Any,
) -> Iterator[History]:
    """Return an empty record: on SQLite, and on the servers that are there."""
    with ExitStack() as running:
        running.enter_context(django_db_blocker.unblock())
        place: dict[str, Any] = {"NAME": str(tmp_path / "record.sqlite3")}
        if request.param == "sqlite":
            shutil.copy(migrated, place["NAME"])
        else:
            place = running.enter_context(emptied(site(request.param)))
        running.enter_context(connected(_ALIAS, **place))
        settings.DATABASE_ROUTERS = [Router(_ALIAS)]
        found = History(_ALIAS)
        use_key(settings, tmp_path, found.signer)
        yield found
