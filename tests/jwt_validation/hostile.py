"""A web server of raw sockets, which can answer anything, or nothing."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable

Answer = bytes | Callable[[socket.socket], None]


def http(body: bytes, *, status: str = "200 OK", headers: str = "") -> bytes:
    """A whole reply with its length."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n{headers}\r\n".encode() + body


def reset(sock: socket.socket) -> None:
    """Close with RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def drip(sock: socket.socket) -> None:
    """Send a header a byte at a time, for ever."""
    with contextlib.suppress(OSError):
        sock.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while not threading.Event().wait(0.05):
            sock.sendall(b"x")


def flood(sock: socket.socket) -> None:
    """Send a body without end."""
    with contextlib.suppress(OSError):
        sock.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            sock.sendall(b" " * 65536)


class Server:
    """Answers GETs by path; counts them."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.hits: Counter[str] = Counter()
        self.gate = threading.Event()
        """While it is clear, every answer waits."""
        self.gate.set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self.gate.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            request = b""
            while b"\r\n\r\n" not in request:
                received = sock.recv(65536)
                if not received:
                    return
                request += received
            path = request.split(b" ", 2)[1].decode()
            self.hits[path] += 1
            self.gate.wait(10)
            answer = self.answers.get(path, http(b"", status="404 Not Found"))
            if isinstance(answer, bytes):
                sock.sendall(answer)
            else:
                answer(sock)
