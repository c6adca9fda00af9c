"""Answer for Keycloak and for a downstream, in a process of its own.

In the process that is measured it would share the interpreter's lock with the client.
It reads one line of JSON on its standard input once it has written its port: by path,
the body to answer with and the seconds to wait before.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections import Counter
from typing import Any

COUNTS = "/counts"

Routes = dict[str, dict[str, Any]]


class _Connection(asyncio.Protocol):
    """One kept-alive connection; requests come one after another."""

    transport: asyncio.Transport

    def __init__(self, routes: Routes, counts: Counter[str]) -> None:
        self._routes = routes
        self._counts = counts
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end or len(rest) < _content_length(head):
            return
        self._received = b""
        self._answer(head.split(b" ", 2)[1].decode().partition("?")[0])

    def _answer(self, path: str) -> None:
        self._counts[path] += 1
        route = self._routes.get(path) or self._routes.get(path.rpartition("/")[0])
        if path == COUNTS:
            route = {"body": dict(self._counts)}
        reply = _reply(200 if route else 404, (route or {}).get("body", {}))
        seconds = (route or {}).get("seconds", 0)
        if seconds:
            asyncio.get_running_loop().call_later(seconds, self._write, reply)
        else:
            self._write(reply)

    def _write(self, reply: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(reply)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _reply(status: int, body: object) -> bytes:
    content = json.dumps(body).encode()
    return (
        b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (status, len(content), content)
    )


async def _serve() -> None:
    routes: Routes = {}
    counts: Counter[str] = Counter()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: _Connection(routes, counts), "127.0.0.1", 0, backlog=512
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    routes.update(json.loads(await asyncio.to_thread(sys.stdin.readline)))
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until the benchmark closes it


if __name__ == "__main__":
    asyncio.run(_serve())
