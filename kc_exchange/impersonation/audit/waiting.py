"""Events of the running request that wait for its transaction to be over."""

from __future__ import annotations

import asyncio
import logging
from contextvars import ContextVar, Token
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from asgiref.sync import sync_to_async

from kc_exchange import forks
from kc_exchange.impersonation.audit import writer

if TYPE_CHECKING:
    from kc_exchange.impersonation.audit.event import Event

_log = logging.getLogger("kc_exchange")
_lock = forks.Lock()


@dataclass(slots=True)
class _Kept:
    """The events of one request, whichever of its threads they come from."""

    events: list[Event] = field(default_factory=list)
    is_open: bool = True
    """A task that outlives the request keeps its context, and must not add here."""


_kept: ContextVar[_Kept | None] = ContextVar("kc_exchange_audit_kept", default=None)


def keep(event: Event) -> bool:
    """Keep `event` until the request's view is over; return whether one is running.

    The moment at which it happened goes into the details: it is recorded later.
    """
    kept = _kept.get()
    now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    dated = replace(event, details={**event.details, "happened_at": now})
    with _lock:
        if kept is None or not kept.is_open:
            return False
        kept.events.append(dated)
    return True


class Pending:
    """Around a request; at its end what waited is recorded, whatever happened."""

    def __init__(self) -> None:
        self._kept: _Kept | None = None
        self._token: Token[_Kept | None] | None = None

    def __enter__(self) -> Self:
        if _kept.get() is None:
            self._kept = _Kept()
            self._token = _kept.set(self._kept)
        return self

    def __exit__(self, *_exception: object) -> None:
        kept = self._leave()
        if kept is not None:
            _flush(kept)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(self, *_exception: object) -> None:
        kept = self._leave()
        if kept is None:
            return
        if kept.events:
            await asyncio.shield(sync_to_async(_flush)(kept))
        else:
            _flush(kept)

    def _leave(self) -> _Kept | None:
        """Return what is to be recorded; nothing within another one's `with`."""
        if self._token is not None:
            _kept.reset(self._token)
        return self._kept


def pending() -> Pending:
    """Return the context, synchronous or not, that a request is run in.

    Events that a transaction on SQLite holds up are written at its end, so it must be
    outside of that transaction. Within another `pending` it does nothing.

    Raises:
        AuditUnavailable: at the end, if they cannot be recorded. They are in the log.
    """
    return Pending()


def _flush(kept: _Kept) -> None:
    """Write what is there; leave nothing open for what comes too late."""
    while events := _taken(kept):
        try:
            _write(events)
        except BaseException:
            kept.is_open = False
            for event in [*events, *kept.events]:
                _log.error(
                    "kc_exchange.audit_lost type=%s operator=%r grant=%s",
                    event.type,
                    event.operator.id,
                    event.grant,
                )
            raise


def _taken(kept: _Kept) -> list[Event]:
    with _lock:
        events, kept.events = kept.events, []
        kept.is_open = bool(events)
    return events


def _write(events: list[Event]) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        writer.commit_all(events)
    else:
        writer.write(events)
