"""The time that one operation on Redis may take."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.cache.redis_client import _Socket, client_of, within

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORT = 0.05


@pytest.fixture
def pair() -> Iterator[tuple[_Socket, socket.socket]]:
    """Give our end of a connection, and the server's."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield _Socket(ours), theirs


def test_time_is_over__an_answer_that_has_come_is_taken(
    pair: tuple[_Socket, socket.socket],
) -> None:
    """Its thread got no core while it came: the server is not away."""
    ours, theirs = pair
    with within(SHORT):
        with pytest.raises(TimeoutError):
            ours.recv(10)
        theirs.sendall(b"+OK")
        ours.sendall(b"GET")
        assert ours.recv(10) == b"+OK"
        assert theirs.recv(10) == b"GET"


def test_time_is_over__nothing_is_waited_for(
    pair: tuple[_Socket, socket.socket],
) -> None:
    """Neither at the next read nor at the next write; a drip has used its time up."""
    ours, theirs = pair
    with within(SHORT):
        theirs.sendall(b"+")
        assert ours.recv(1) == b"+"
        with pytest.raises(TimeoutError):
            ours.recv(1)
        ours._sock.setblocking(True)
        with pytest.raises(TimeoutError, match="is over"):
            ours.recv(1)
        with pytest.raises(TimeoutError, match="is over"):
            ours.sendall(b"x" * 10_000_000)


def test_next_operation__has_time_of_its_own(
    pair: tuple[_Socket, socket.socket],
) -> None:
    ours, _ = pair
    for _ in range(2):
        with within(SHORT), pytest.raises(TimeoutError, match="timed out"):
            ours.recv(1)


def test_poll__asks_what_is_there_already(
    pair: tuple[_Socket, socket.socket],
) -> None:
    """As redis-py does, to see whether a kept connection is clean."""
    ours, _ = pair
    ours.settimeout(0)
    with within(SHORT), pytest.raises(BlockingIOError):
        ours.recv(1)


@pytest.mark.parametrize("kept", ["", "client_name=a%26b+c"])
def test_url__names_no_time_and_no_attempts_of_its_own(
    settings: Any, kept: str
) -> None:
    """In redis-py what the URL says wins; what else it says stays."""
    times = "socket_timeout=7&socket_connect_timeout=7&retry_on_timeout=yes&retry=3"
    backend = "django.core.cache.backends.redis.RedisCache"
    location = f"redis://cache.internal/3?{times}&{kept}"
    settings.CACHES = {"tokens": {"BACKEND": backend, "LOCATION": location}}

    client: Any = client_of("tokens", SHORT)
    pool = client._cache.get_client(write=True).connection_pool
    made = pool.make_connection()

    assert (made.host, made.db) == ("cache.internal", 3)
    assert made.client_name == ("a&b c" if kept else None)
    assert made.socket_timeout == made.socket_connect_timeout == SHORT
    assert made.retry._retries == 0
