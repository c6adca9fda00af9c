"""What tests with threads of their own need to know of databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection, connections

from tests.impersonation.audit.engines import created
from tests.impersonation.audit.tools import connected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ALIAS = "of_a_server"


def close_for_good() -> None:
    """Close this thread's connection, also one to a database in memory.

    Django leaves that open on `close()`, lest the data be lost; the test's own thread
    has another one, which keeps them.
    """
    raw, connection.connection = connection.connection, None
    if raw is not None:
        raw.close()


class Everything:
    """Send every model to the database of a server."""

    def db_for_read(self, _model: Any, **_hints: Any) -> str:
        """Return its alias."""
        return ALIAS

    db_for_write = db_for_read


@pytest.fixture
def postgresql(settings: Any, django_db_blocker: Any) -> Iterator[str]:
    """Let all models be in PostgreSQL, with real commits; return the alias."""
    with ExitStack() as running:
        running.enter_context(django_db_blocker.unblock())
        site = running.enter_context(created("postgresql"))
        running.enter_context(connected(ALIAS, **site.settings))
        settings.DATABASE_ROUTERS = [Everything()]
        yield ALIAS


def in_another_thread(act: Callable[[], Any]) -> Any:
    """Do it with connections of its own, as another process has; return the result."""

    def run() -> Any:
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result(60)
