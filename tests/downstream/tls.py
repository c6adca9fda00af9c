"""Downstreams that ask for certificates, and ways to call them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import requests

from kc_exchange.downstream import DownstreamSession
from kc_exchange.downstream.client import DownstreamClient
from tests.downstream.tools import CountingSource, downstream_at
from tests.servers import replies
from tests.servers.mutual_tls import Files, strict_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kc_exchange.conf import Downstream
    from tests.servers import FaultServer

REFUSED = (requests.exceptions.ConnectionError, httpx.TransportError)
nothing = replies('{"shown": ""}')
"""The act of a server that asks for no certificate."""


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[FaultServer]:
    """Give a server that asks for certificates."""
    with strict_server(tmp_path) as server:
        yield server


def showing(server: FaultServer, files: Files, **changes: Any) -> Downstream:
    """Return the downstream at `server`, to which the certificate is shown."""
    named = {
        "certificate": files.certificate,
        "certificate_key": files.key,
        "ca_bundle": files.authorities,
        "timeout": (20.0, 20.0),
    }
    return downstream_at(f"{server.url}/", **named | changes)


@dataclass
class ByEventLoop:
    """Calls of `DownstreamClient` in one event loop."""

    runner: asyncio.Runner

    def __call__(self, downstream: Downstream) -> str:
        """Call, and return whose certificate was shown."""
        return self.runner.run(by_client(downstream))


async def by_client(downstream: Downstream) -> str:
    async with DownstreamClient(downstream, CountingSource()) as client:
        return str((await client.get("x")).json()["shown"])


def by_session(downstream: Downstream) -> str:
    with DownstreamSession(downstream, CountingSource()) as session:
        return str(session.get("x").json()["shown"])


@pytest.fixture(params=["session", "client"])
def call(request: pytest.FixtureRequest) -> Iterator[Callable[[Downstream], str]]:
    """Give each way to call."""
    if request.param == "session":
        yield by_session
        return
    with asyncio.Runner() as runner:
        yield ByEventLoop(runner)


Call = Any
