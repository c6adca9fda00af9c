"""Whose certificate an event loop's client trusts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from kc_exchange.downstream.client import DownstreamClient
from tests.downstream.tools import CountingSource, downstream_at
from tests.servers import FaultServer, sends
from tests.servers.certificates import authority, bundle, issue, server_context

if TYPE_CHECKING:
    from pathlib import Path

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


async def status_of(url: str, ca_bundle: str) -> int:
    downstream = downstream_at(url, ca_bundle=ca_bundle)
    async with DownstreamClient(downstream, CountingSource()) as client:
        return (await client.get("x")).status_code


async def test_ca_bundle__of_each_downstream_counts(tmp_path: Path) -> None:
    """Two downstreams at one address do not share what only one of them trusts."""
    trusted = bundle(authority(), tmp_path)
    server = server_context(issue("good", authority()), tmp_path)
    with FaultServer(sends(OK), tls=server) as orders:
        assert await status_of(orders.url, trusted) == 200
        with pytest.raises(httpx.ConnectError):
            await status_of(orders.url, "")
        assert await status_of(orders.url, trusted) == 200
