"""Speak HTTP/1.1 over threads, with the faults a test has ordered."""

from __future__ import annotations

import os
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from urllib.parse import urlsplit

from kc_exchange.testing.faults import Fault
from kc_exchange.testing.messages import Form, Request, Response, error_response

Answer = Callable[[Request], Response]
FindFault = Callable[[str], Fault | None]

LARGEST_BODY = 10 * 1024 * 1024


class HttpServer(ThreadingMixIn, TCPServer):
    """Serve each connection in its own thread until stopped.

    Args:
        address: host and port; port 0 takes a free one.
        answer: makes the response to a request.
        find_fault: names the fault a request to that path shall meet.
        ssl_context: serves https with it.
    """

    allow_reuse_address = True
    daemon_threads = False
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        answer: Answer,
        find_fault: FindFault,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.answer = answer
        self.find_fault = find_fault
        self.stopping = threading.Event()
        self._ssl_context = ssl_context
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        super().__init__(address, Handler)
        self._thread = threading.Thread(
            target=self.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="kc_exchange.testing",
            daemon=True,
        )

    @property
    def port(self) -> int:
        """Return the port the server listens on."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Begin to serve in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving, cut what is open and wait for every thread."""
        self.stopping.set()
        self.shutdown()
        self._thread.join()
        with self._lock:
            for connection in self._open:
                _cut(connection)
        self.server_close()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Handle one connection, inside TLS if the server has a context."""
        try:
            connection = self._secured(request)
        except (ssl.SSLError, OSError):
            return
        with self._lock:
            self._open.add(connection)
        try:
            Handler(connection, client_address, self)
        except (ConnectionError, ssl.SSLError, TimeoutError):
            pass
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _secured(self, request: socket.socket) -> socket.socket:
        if self._ssl_context is None:
            return request
        request.settimeout(10)
        secured = self._ssl_context.wrap_socket(request, server_side=True)
        secured.settimeout(None)
        return secured


def _cut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


class Handler(BaseHTTPRequestHandler):
    """Read requests from one connection and write their answers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: HttpServer

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Write no log: request lines may hold tokens."""

    def _serve(self) -> None:
        request = self._request()
        fault = self.server.find_fault(request.path)
        if fault is not None and fault.reset:
            self._reset()
            return
        if fault is not None and fault.delay:
            self.server.stopping.wait(fault.delay)
        replaced = fault.answer if fault is not None else None
        response = replaced or self.server.answer(request)
        self._write(response, fault)

    def _request(self) -> Request:
        parts = urlsplit(self.path)
        secured = isinstance(self.connection, ssl.SSLSocket)
        certificate = self.connection.getpeercert() if secured else None
        return Request(
            method=self.command,
            path=parts.path,
            query=Form.parse(parts.query),
            body=self._body(),
            headers=self.headers,
            certificate=certificate or None,
        )

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self._chunks()
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY:
            self.close_connection = True
            return b""
        return self.rfile.read(length)

    def _chunks(self) -> bytes:
        found = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def _write(self, response: Response, fault: Fault | None) -> None:
        body = b"" if self.command == "HEAD" else response.body
        head = self._head(response)
        if fault is None or not fault.drip:
            self.wfile.write(head + body)
        elif fault.part == "header":
            self._drip(head + body, fault.drip)
        else:
            self.wfile.write(head)
            self._drip(body, fault.drip)

    def _head(self, response: Response) -> bytes:
        reason = HTTPStatus(response.status).phrase
        lines = [f"HTTP/1.1 {response.status} {reason}"]
        lines += [f"{name}: {value}" for name, value in response.headers]
        if response.status != HTTPStatus.NO_CONTENT:
            lines.append(f"content-length: {len(response.body)}")
        if self.close_connection:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _drip(self, data: bytes, pause: float) -> None:
        for byte in data:
            if self.server.stopping.wait(pause):
                return
            self.wfile.write(bytes([byte]))

    def _reset(self) -> None:
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        os.close(self.connection.detach())


def not_found(text: str = "HTTP 404 Not Found") -> Response:
    """Return Keycloak's answer to a path nobody serves."""
    return error_response(text, None, status=404)
