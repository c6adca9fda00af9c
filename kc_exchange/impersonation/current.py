"""The grant of the running request, for those who have no request at hand."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.models import ImpersonationGrant

_current: ContextVar[ImpersonationGrant | None] = ContextVar(
    "kc_exchange_grant", default=None
)


def current_grant() -> ImpersonationGrant | None:
    """Return the grant that the running code acts under, None outside of one."""
    return _current.get()


@contextmanager
def acting_under(grant: ImpersonationGrant) -> Iterator[None]:
    """Let `current_grant` answer with `grant` in the block."""
    before = _current.set(grant)
    try:
        yield
    finally:
        _current.reset(before)
