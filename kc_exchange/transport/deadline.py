"""Connections whose every read and write gets the time that is left."""

from __future__ import annotations

import errno
import io
import math
import socket
import threading
import time
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NameResolutionError, NewConnectionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from urllib3._base_connection import BaseHTTPConnection

    _Connection = HTTPConnection
    _Pool = HTTPConnectionPool
else:
    _Connection = _Pool = object

_Address = tuple[Any, ...]

MAX_BODY = 64 * 1024
_MAX_HEAD = 64 * 1024
_KEPT_FOR = 60.0
"""Seconds that a connection is used, so that a host's new address is found."""

_limit: ContextVar[float] = ContextVar("limit", default=math.inf)
"""When all deadlines that are made here end, by the monotonic clock."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let no deadline that is made in the block end later than after these seconds.

    A block within another may end later than it: so what must be done gets its time.
    """
    before = _limit.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _limit.reset(before)


class Deadline:
    """A point in time by which everything has to be done."""

    def __init__(self, seconds: float) -> None:
        self._at = min(time.monotonic() + seconds, _limit.get())

    def left(self) -> float:
        """Return the seconds that are left.

        Raises:
            TimeoutError: none are.
        """
        seconds = self._at - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the deadline has passed")
        return seconds


class _Current(threading.local):
    deadline: Deadline = Deadline(0)
    most: int = MAX_BODY


current = _Current()


class _Reader(io.RawIOBase):
    """A socket's file whose every read gets the time, and the bytes, that are left."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw: io.RawIOBase = sock.makefile("rb", buffering=0)
        self._allowed = _MAX_HEAD + current.most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(current.deadline.left())
        count: int | None = self._raw.readinto(buffer)
        self._allowed -= count or 0
        if self._allowed < 0:
            raise ValueError("the head of the reply, or its body, is too long")
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Socket:
    """A connected socket that knows of the deadline."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def makefile(self, *_args: Any, **_kwargs: Any) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._sock))

    def sendall(self, data: Any) -> None:
        self._sock.settimeout(current.deadline.left())
        self._sock.sendall(data)

    def settimeout(self, value: float | None) -> None:
        """Leave the time to the deadline."""


class _Deadlined(_Connection):
    """Connect within the deadline, trying each address of the host."""

    connected_at = 0.0

    def connect(self) -> None:
        self.connected_at = time.monotonic()
        super().connect()
        self.sock = cast("socket.socket", _Socket(cast("socket.socket", self.sock)))

    def _new_conn(self) -> socket.socket:
        host = self._dns_host.strip("[]")
        try:
            found = _resolved(host, self.port)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        failure: OSError | None = None
        for place, address in enumerate(found):
            share = current.deadline.left() / (len(found) - place)
            try:
                return _connected(address, share)
            except OSError as error:
                failure = error
        if isinstance(failure, TimeoutError):
            raise failure
        raise NewConnectionError(self, "no address answers") from failure


def _resolved(host: str, port: int) -> list[_Address]:
    """Look the name up in a thread: the system's resolver knows of no deadline."""
    try:
        return socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
    except socket.gaierror:
        answer: Future[list[_Address]] = Future()
        looking = threading.Thread(
            target=_look_up, args=(host, port, answer), daemon=True
        )
        try:
            looking.start()
        except RuntimeError as error:
            raise BlockingIOError(errno.EAGAIN, "no thread is to be had") from error
        return answer.result(current.deadline.left())


def _look_up(host: str, port: int, answer: Future[list[_Address]]) -> None:
    try:
        answer.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError) as error:
        answer.set_exception(error)


def _connected(address: _Address, seconds: float) -> socket.socket:
    family, kind, protocol, _, place = address
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(seconds)
        sock.connect(place)
        sock.settimeout(current.deadline.left())
    except BaseException:
        sock.close()
        raise
    return sock


class _PlainConnection(_Deadlined, HTTPConnection):
    pass


class _TLSConnection(_Deadlined, HTTPSConnection):
    pass


class _Renewing(_Pool):
    """Give out no connection that is older than a minute."""

    def _get_conn(self, timeout: float | None = None) -> BaseHTTPConnection:
        connection = super()._get_conn(timeout)
        connected_at = getattr(connection, "connected_at", 0.0)
        if not connection.is_closed and time.monotonic() - connected_at > _KEPT_FOR:
            connection.close()  # it connects anew when it is used
        return connection


class PlainPool(_Renewing, HTTPConnectionPool):
    """Connections without TLS, each within the deadline of whoever uses it."""

    ConnectionCls = _PlainConnection


class TLSPool(_Renewing, HTTPSConnectionPool):
    """Connections with TLS, each within the deadline of whoever uses it."""

    ConnectionCls = _TLSConnection
