"""A server of raw sockets that answers each request with the next act."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl

from tests.servers.wire import http

if TYPE_CHECKING:
    import ssl

    from tests.servers.acts import Act

WELL_KNOWN = "/.well-known/openid-configuration"


@dataclass(frozen=True)
class Seen:
    """One request, as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The parameters of the form."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass
class Line:
    """One connection, and the request that was just read from it."""

    sock: socket.socket
    issuer: str
    stopping: threading.Event
    seen: Seen = field(default_factory=lambda: Seen("", "", {}, b""))


class FaultServer:
    """Answer discovery well, and every other request by the next of `acts`.

    The last act repeats. `greeting` is done as soon as somebody connects, before any
    TLS, and nothing else is. `scheme` is what the issuer's URL says, https with `tls`.
    """

    def __init__(
        self,
        *acts: Act,
        tls: ssl.SSLContext | None = None,
        greeting: Act | None = None,
        scheme: str = "",
    ) -> None:
        self.acts = list(acts)
        self.greeting = greeting
        self.discovery: dict[str, Any] | bytes = {}
        self.requests: list[Seen] = []
        self.connections = 0
        self._tls = tls
        self._scheme = scheme or ("https" if tls else "http")
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._listener.settimeout(0.02)
        self.url = f"{self._scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self.issuer = f"{self.url}/realms/shop"

    @property
    def asked(self) -> list[Seen]:
        """The requests that were not for the discovery document."""
        return [seen for seen in self.requests if WELL_KNOWN not in seen.path]

    def __enter__(self) -> Self:
        self._begin(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._threads[0].join()
        self._listener.close()
        with self._lock:
            for sock in self._open:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _begin(self, target: Any, *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                sock, _ = self._listener.accept()
            except TimeoutError:
                continue
            sock.settimeout(None)
            self.connections += 1
            with self._lock:
                self._open.add(sock)
            self._begin(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        line = Line(sock, self.issuer, self._stopping)
        try:
            if self.greeting is not None:
                self.greeting(line)
                return
            if self._tls is not None:
                line.sock = self._tls.wrap_socket(sock, server_side=True)
                with self._lock:
                    self._open.add(line.sock)
            with line.sock.makefile("rb") as stream:
                self._talk(line, stream)
        except OSError:
            pass
        finally:
            with self._lock:
                self._open -= {sock, line.sock}
            line.sock.close()
            sock.close()

    def _talk(self, line: Line, stream: IO[bytes]) -> None:
        while True:
            seen = _read(stream)
            if seen is None:
                return
            line.seen = seen
            with self._lock:
                self.requests.append(seen)
                act = self._act(seen)
            if not act(line):
                return

    def _act(self, seen: Seen) -> Act:
        if WELL_KNOWN in seen.path:
            return self._discover
        return self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]

    def _discover(self, line: Any) -> bool:
        document = {
            "issuer": self.issuer,
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/certs",
        }
        raw = self.discovery
        if isinstance(raw, dict):
            raw = http(json.dumps(document | raw))
        line.sock.sendall(raw)
        return True


def _read(stream: IO[bytes]) -> Seen | None:
    first = stream.readline().decode("latin-1").split()
    if len(first) < 2:
        return None
    headers: dict[str, str] = {}
    while (line := stream.readline().decode("latin-1").strip()) != "":
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", "0")))
    return Seen(first[0], first[1], headers, body)
