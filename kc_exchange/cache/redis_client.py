"""A client of Redis that gives up in time, never tries twice, and never unpickles.

redis-py allows its timeout to each read, so that a server which answers byte by byte
may hold an operation up for minutes. Here everything that one operation reads and
writes shares its time. What counts is the time that it waits for the server: a thread
that got no core meanwhile still takes an answer that has long come.
"""

from __future__ import annotations

import re
import ssl
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.core.cache import caches

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from django.core.cache.backends.base import BaseCache


class _Operation(threading.local):
    left: float = 0.0
    """Seconds that it may still wait for the server."""


_operation = _Operation()
_TIMEOUTS = {"socket_timeout", "socket_connect_timeout"}
_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_T = TypeVar("_T")


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let the operation in this block, on this thread, wait no longer than that.

    A name that has to be resolved first takes what the system's resolver takes. Each
    of its addresses may take as long to connect: one that is dead hides no other.
    """
    _operation.left = seconds
    yield


def client_of(alias: str, timeout: float) -> BaseCache:
    """Return a client of its own for `alias`, a RedisCache of CACHES.

    It reads from the server that it writes to, also where the alias names replicas:
    they are late, and may not know yet what has ended.
    """
    from redis.backoff import NoBackoff  # noqa: PLC0415 - it is optional
    from redis.retry import Retry  # noqa: PLC0415

    parameters = dict(settings.CACHES[alias])
    parameters.pop("BACKEND")
    location = _first(parameters.pop("LOCATION", ""))
    options = parameters.get("OPTIONS", {})
    parameters["OPTIONS"] = {
        **_connections(location, options),
        **options,
        "serializer": _Bytes,
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": Retry(NoBackoff(), 0),
    }
    own = _without_times(location)
    return type(caches[alias])(own, parameters)  # type: ignore[call-arg, arg-type]


def _first(location: str | list[str] | tuple[str, ...]) -> str:
    """Return the server that is written to; Django separates several by `;` or `,`."""
    servers = re.split("[;,]", location) if isinstance(location, str) else location
    return servers[0]


def _without_times(location: str) -> str:
    """Return the URL without what would win over our timeouts and our one attempt."""
    server, _, query = location.partition("?")
    others = [
        (name, value)
        for name, value in parse_qsl(query)
        if name not in _TIMEOUTS and not name.startswith("retry")
    ]
    return f"{server}?{urlencode(others)}" if others else server


def _connections(location: str, options: dict[str, Any]) -> dict[str, Any]:
    """Name the connections that share an operation's time; a pool may have its own."""
    if "pool_class" in options:
        return {}
    from redis import connection  # noqa: PLC0415

    kinds = {
        "rediss": connection.SSLConnection,
        "unix": connection.UnixDomainSocketConnection,
    }
    kind = kinds.get(location.partition("://")[0], connection.Connection)

    class Bounded(kind):  # type: ignore[misc, valid-type]
        def _connect(self) -> _Socket:
            return _Socket(super()._connect())

    return {"connection_class": Bounded}


class _Socket:
    """A connected socket that knows how much time the operation has left."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._polls = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def settimeout(self, seconds: float | None) -> None:
        """Leave the time to the operation; 0 asks what is there already."""
        self._polls = seconds == 0

    def recv(self, count: int) -> bytes:
        return self._timed(lambda: self._sock.recv(count))

    def recv_into(self, *arguments: Any) -> int:
        return self._timed(lambda: self._sock.recv_into(*arguments))

    def sendall(self, data: bytes) -> None:
        self._timed(lambda: self._sock.sendall(data))

    def _timed(self, act: Callable[[], _T]) -> _T:
        if self._polls:
            self._sock.settimeout(0)
            return act()
        begun = time.monotonic()
        self._sock.settimeout(max(0.0, _operation.left))
        try:
            return act()
        except _NOT_NOW:
            raise TimeoutError("the time of this operation is over") from None
        finally:
            _operation.left -= time.monotonic() - begun


class _Bytes:
    """Bytes as they are: Django's own serializer would unpickle what it reads."""

    def dumps(self, value: bytes) -> bytes:
        return value

    def loads(self, value: bytes) -> bytes:
        return value
