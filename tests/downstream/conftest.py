"""A downstream, another service, and a session for the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kc_exchange.testing import DownstreamRecorder
from tests.downstream.tools import session_at
from tests.servers.site import site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.downstream import DownstreamSession

__all__ = ["site"]


@pytest.fixture
def orders() -> Iterator[DownstreamRecorder]:
    """Give a recording downstream."""
    with DownstreamRecorder() as recorder:
        yield recorder


@pytest.fixture
def other() -> Iterator[DownstreamRecorder]:
    """Give another service, which must never see a token."""
    with DownstreamRecorder() as recorder:
        yield recorder
        recorder.assert_no_token_seen()


@pytest.fixture
def session(orders: DownstreamRecorder) -> Iterator[DownstreamSession]:
    """Give a session for `orders`."""
    with session_at(orders.url) as made:
        yield made
