"""A session store that reads, and whose server is away when something is deleted."""

from __future__ import annotations

from typing import NoReturn

from django.contrib.sessions.backends import db


class SessionStore(db.SessionStore):
    """Sessions in the database."""

    def delete(self, session_key: str | None = None) -> NoReturn:
        """Fail, and say what no log should have."""
        del session_key
        raise ConnectionError("redis://:a-password@10.0.0.1")
