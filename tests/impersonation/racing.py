"""A session engine in which something else happens just before a save."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.contrib.sessions.backends import db

if TYPE_CHECKING:
    from collections.abc import Callable


class SessionStore(db.SessionStore):
    """Sessions in the database; `meanwhile` is called once, before the next save."""

    meanwhile: ClassVar[Callable[[], object] | None] = None

    def save(self, must_create: bool = False) -> None:
        """Let the other one go first."""
        first, SessionStore.meanwhile = SessionStore.meanwhile, None
        if first is not None:
            first()
        super().save(must_create)
