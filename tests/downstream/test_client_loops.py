"""The connections of a client live as long as its event loop, and no longer."""

from __future__ import annotations

import asyncio

from kc_exchange.downstream import transports
from kc_exchange.downstream.client import DownstreamClient
from tests.downstream.tools import CountingSource, downstream_at
from tests.servers import FaultServer, replies


def test_loops__that_ended_leave_no_connection() -> None:
    """Under WSGI each request to an async view has a loop of its own."""
    with FaultServer(replies("{}")) as server:
        downstream = downstream_at(f"{server.url}/")

        async def call() -> None:
            for _ in range(3):
                async with DownstreamClient(downstream, CountingSource()) as made:
                    await made.get("x")

        before = len(transports._transports)
        for _ in range(5):
            asyncio.run(call())

        assert len(transports._transports) == before
        assert server.connections == 5
        assert len(server.requests) == 15
