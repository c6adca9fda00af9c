"""Something to record, and threads that have a connection of their own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.db import connections

from kc_exchange.impersonation import audit
from kc_exchange.impersonation.people import Person
from kc_exchange.models import AuditEvent, GrantToken
from tests.impersonation.audit.engines import SERVERS

if TYPE_CHECKING:
    from collections.abc import Callable

ALIAS = "record"
ON_A_SERVER = pytest.mark.parametrize("engine", SERVERS, indirect=True)


def event(code: str = "") -> audit.Event:
    """Return an event."""
    sam = Person(id="2", name="sam")
    return audit.Event(type="token.issued", operator=sam, code=code)


def change() -> None:
    """Change something that is not the record."""
    GrantToken.objects.create(grant_id=uuid4(), sealed="", realm="")


def in_thread(pool: ThreadPoolExecutor, function: Callable[[], Any]) -> Any:
    """Submit it, with a connection of its own that is closed again."""

    def work() -> Any:
        try:
            return function()
        finally:
            connections[ALIAS].close()

    return pool.submit(work)


def recorded() -> list[str]:
    """Return the codes of what is there, as another connection sees it."""

    def read() -> list[str]:
        codes = AuditEvent.objects.using(ALIAS).order_by("seq")
        return list(codes.values_list("code", flat=True))

    with ThreadPoolExecutor(1) as pool:
        found: list[str] = in_thread(pool, read).result(30)
    return found
