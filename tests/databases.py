"""What tests with threads of their own need to know of databases."""

from __future__ import annotations

from django.db import connection


def close_for_good() -> None:
    """Close this thread's connection, also one to a database in memory.

    Django leaves that open on `close()`, lest the data be lost; the test's own thread
    has another one, which keeps them.
    """
    raw, connection.connection = connection.connection, None
    if raw is not None:
        raw.close()
