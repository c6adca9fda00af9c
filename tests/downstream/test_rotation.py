"""Certificates are loaded again when their files change."""

from __future__ import annotations

import asyncio
import os
import resource
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import transport
from kc_exchange.downstream.adapters import adapter_of
from kc_exchange.downstream.client import DownstreamClient
from kc_exchange.transport import certificates
from tests.downstream.tls import (
    REFUSED,
    Call,
    by_client,
    by_session,
    call,
    nothing,
    showing,
    strict,
)
from tests.downstream.tools import CountingSource
from tests.servers import FaultServer, closes, http, sends
from tests.servers.certificates import authority, bundle, issue, server_context
from tests.servers.mutual_tls import Files, Held, files, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["call", "files", "strict"]


def test_rotation__is_seen_by_the_next_call(
    call: Call, strict: FaultServer, files: Files, caplog: pytest.LogCaptureFixture
) -> None:
    """New files are shown on a new connection; nobody restarts anything."""
    downstream = showing(strict, files)
    assert call(downstream) == "first"

    files.write("second")

    assert [call(downstream) for _ in range(2)] == ["second"] * 2
    assert strict.connections == 2
    assert caplog.records == []


def test_rotation__in_place(call: Call, strict: FaultServer, files: Files) -> None:
    """A file that is written over, with its number kept, counts by its time."""
    both = Path(files.certificate)
    both.write_bytes(issue("one", authority()).pem)
    downstream = showing(strict, files, certificate_key="")
    assert call(downstream) == "one"

    number = both.stat().st_ino
    both.write_bytes(issue("two", authority()).pem)
    os.utime(both, (1, 1))

    assert both.stat().st_ino == number
    assert call(downstream) == "two"


async def test_rotation__holds_up_no_event_loop(
    strict: FaultServer, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New files are loaded in a thread, and the loop goes on."""
    downstream = showing(strict, files)
    assert await by_client(downstream) == "first"
    usual, threads = ssl.create_default_context, []

    def load(*given: Any, **named: Any) -> ssl.SSLContext:
        threads.append(threading.get_ident())
        return usual(*given, **named)

    monkeypatch.setattr(ssl, "create_default_context", load)
    files.write("second")

    assert await by_client(downstream) == "second"

    assert threads
    assert threading.get_ident() not in threads


def test_half_a_pair__keeps_the_former(
    call: Call, strict: FaultServer, files: Files, caplog: pytest.LogCaptureFixture
) -> None:
    """Between two files of one pair nothing fails; the log says so once."""
    downstream = showing(strict, files)
    call(downstream)
    second = issue("second", authority())

    files.write_certificate(second)
    between = [call(downstream) for _ in range(3)]
    (told,) = [record.getMessage() for record in caplog.records]
    files.write_key(second)

    assert between == ["first"] * 3
    assert call(downstream) == "second"
    assert told.startswith("kc_exchange.certificates_not_renewed: ")
    assert "downstream 'orders-api'" in told
    assert "CERTIFICATE_KEY" in told
    assert len(caplog.records) == 1


def test_files__that_are_gone(
    call: Call, strict: FaultServer, files: Files, caplog: pytest.LogCaptureFixture
) -> None:
    """What was loaded goes on; each further state of the files is told once."""
    downstream = showing(strict, files)
    call(downstream)
    pair = issue("second", authority())

    (files.folder / "client.key").unlink()
    assert [call(downstream) for _ in range(2)] == ["first"] * 2
    (files.folder / "client.crt").unlink()
    assert [call(downstream) for _ in range(2)] == ["first"] * 2
    assert len(caplog.records) == 2
    files.write_certificate(pair)
    files.write_key(pair)

    assert call(downstream) == "second"


@contextmanager
def no_descriptors() -> Iterator[None]:
    """Let the process open nothing more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def pass_the_pause() -> None:
    for known in certificates._loaded.values():
        known.again_at = 0.0


@pytest.mark.parametrize("then", ["may-be-read", "later"])
def test_files__that_could_not_be_read_for_a_moment(
    strict: FaultServer, files: Files, caplog: pytest.LogCaptureFixture, then: str
) -> None:
    """Once they may be read they are, and seconds later in any case; told once."""
    downstream = showing(strict, files)
    former = transport.context_of(downstream)
    files.write("second")
    with no_descriptors():
        for _ in range(3):
            assert transport.context_of(downstream) is former
            pass_the_pause()
        assert transport.context_of(downstream) is former
    assert len(caplog.records) == 1
    assert transport.context_of(downstream) is former

    if then == "may-be-read":
        Path(files.key).chmod(0o640)
    else:
        pass_the_pause()

    assert transport.context_of(downstream) is not former


def test_authorities__are_loaded_again(call: Call, files: Files) -> None:
    """A server of a new authority is trusted once the bundle names it, not before."""
    new = authority("New authority")
    context = server_context(issue("server", new), files.folder)
    with FaultServer(nothing, tls=context) as server:
        downstream = showing(server, files, certificate="", certificate_key="")
        with pytest.raises(REFUSED):
            call(downstream)

        bundle(new, files.folder)

        assert call(downstream) == ""


def test_authorities__that_are_trusted_no_more(call: Call, files: Files) -> None:
    """New connections are refused, and the former is not used again."""
    context = server_context(issue("server", authority()), files.folder)
    with FaultServer(nothing, tls=context) as server:
        downstream = showing(server, files, certificate="", certificate_key="")
        assert call(downstream) == ""

        bundle(authority("New authority"), files.folder)

        with pytest.raises(REFUSED):
            call(downstream)
        assert len(server.requests) == 1


def test_authorities__that_are_gone(call: Call, files: Files) -> None:
    """New connections go on with those that were loaded."""
    context = server_context(issue("server", authority()), files.folder)
    ends = sends(http('{"shown": ""}', 200, "Connection: close"), then=closes)
    with FaultServer(ends, tls=context) as server:
        downstream = showing(server, files, certificate="", certificate_key="")
        assert call(downstream) == ""

        Path(downstream.ca_bundle).unlink()

        assert call(downstream) == ""
        assert server.connections == 2


def test_session__call_under_way_finishes(strict: FaultServer, files: Files) -> None:
    """The former connection answers the call that it carries, and no other."""
    held = Held()
    strict.acts = [held, shown]
    downstream = showing(strict, files)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(by_session, downstream)
        assert held.came.wait(30)
        files.write("second")

        assert by_session(downstream) == "second"
        held.go_on.set()

        assert first.result(30) == "first"
    assert by_session(downstream) == "second"


async def test_client__call_under_way_finishes(
    strict: FaultServer, files: Files
) -> None:
    """As with a session; the former connections close when their last call is over."""
    held = Held()
    strict.acts = [held, shown]
    downstream = showing(strict, files)
    first = asyncio.create_task(by_client(downstream))
    assert await asyncio.to_thread(held.came.wait, 30)
    files.write("second")

    assert await by_client(downstream) == "second"
    held.go_on.set()

    assert await first == "first"
    assert await by_client(downstream) == "second"


async def test_client__former_connections_close(
    strict: FaultServer, files: Files
) -> None:
    """None is left open behind: neither idle ones nor those of a call under way."""
    downstream = showing(strict, files)
    async with DownstreamClient(downstream, CountingSource()) as client:
        former = client._transport._pool  # type: ignore[attr-defined]
        async with client.stream("GET", "x") as reply:
            files.write("second")
            assert await by_client(downstream) == "second"
            assert open_of(former)
            await reply.aread()

        assert not open_of(former)


def open_of(pool: Any) -> list[Any]:
    return list(pool._inner._pool.connections)


def test_session__former_connections_close(strict: FaultServer, files: Files) -> None:
    """The former pool is let go of, with the idle connections in it."""
    downstream = showing(strict, files)
    by_session(downstream)
    files.write("second")
    by_session(downstream)

    adapter = adapter_of(downstream)
    assert len(adapter.poolmanager.pools) == 1


def test_context__is_one_as_long_as_nothing_changes(
    strict: FaultServer, files: Files
) -> None:
    """Building one takes 40 ms."""
    downstream = showing(strict, files)
    one = transport.context_of(downstream)

    assert transport.context_of(downstream) is one
    files.write("second")
    assert transport.context_of(downstream) is not one
