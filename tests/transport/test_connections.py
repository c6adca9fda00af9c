"""Rows C27 to C32: bytes on the wire that are no reply, and a deadline that holds."""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import transport
from kc_exchange.conf import Realm
from kc_exchange.exceptions import ExchangeError, ExchangeUnavailable, UnexpectedReply
from tests.servers import (
    FaultServer,
    closes,
    drips,
    floods,
    grants,
    http,
    replies,
    resets,
    sends,
    silent,
)

if TYPE_CHECKING:
    from tests.servers import Act
    from tests.servers.site import Site

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
HALF = HEAD + b'Content-Length: 500\r\n\r\n{"access_token": "eyJhbGciOiJS'
CHUNK = HEAD + b'Transfer-Encoding: chunked\r\n\r\n10\r\n{"access_token":\r\n'
EMPTY = http("{}")

FAULTS: dict[str, tuple[Act, type[ExchangeError]]] = {
    "close-before": (closes, ExchangeUnavailable),
    "reset-before": (resets, ExchangeUnavailable),
    "half-status": (sends(b"HTTP/1.1 20", then=closes), UnexpectedReply),
    "half-head": (sends(b"HTTP/1.1 200 OK\r\nCont", then=closes), UnexpectedReply),
    "half-body": (sends(HALF, then=closes), ExchangeUnavailable),
    "reset-mid-body": (sends(HALF, then=resets), ExchangeUnavailable),
    "half-chunk": (sends(CHUNK, then=closes), ExchangeUnavailable),
    "bad-chunk": (sends(CHUNK + b"zz\r\n", then=closes), ExchangeUnavailable),
    "silence": (silent, ExchangeUnavailable),
    "silence-mid-body": (sends(HALF, then=silent), ExchangeUnavailable),
    "drip-head": (drips(HEAD * 20), ExchangeUnavailable),
    "drip-body": (drips(HALF + b"x" * 500, fast=80), ExchangeUnavailable),
    "drip-chunk": (drips(CHUNK, fast=80), ExchangeUnavailable),
    "C28-continue-flood": (
        floods(b"HTTP/1.1 100 Continue\r\n\r\n"),
        UnexpectedReply,
    ),
    "C28-continue-drip": (
        drips(b"HTTP/1.1 100 Continue\r\n\r\n" * 50, pause=0.01),
        ExchangeUnavailable,
    ),
    "C29-two-lengths": (
        sends(HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}}"),
        UnexpectedReply,
    ),
    "C29-same-length-twice": (
        sends(HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"),
        UnexpectedReply,
    ),
    "C30-length-and-chunks": (
        sends(
            HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"2\r\n{}\r\n0\r\n\r\n"
        ),
        UnexpectedReply,
    ),
    "C30-other-encoding": (
        sends(HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        UnexpectedReply,
    ),
    "C31-64-kib-header": (
        sends(HEAD + b"X-Long: " + b"x" * 65_536 + b"\r\n\r\n"),
        UnexpectedReply,
    ),
    "C31-many-headers": (
        sends(HEAD + b"X-Many: x\r\n" * 500 + b"\r\n"),
        UnexpectedReply,
    ),
    "C31-endless-headers": (floods(b"X-Many: x\r\n"), UnexpectedReply),
    "C32-ssh": (sends(b"SSH-2.0-OpenSSH_9.6\r\n", then=closes), UnexpectedReply),
    "C32-escapes": (sends(b"\x1b[2J\x07\r\n\r\n", then=closes), UnexpectedReply),
}
HANGING = {name for name in FAULTS if "silence" in name or "drip" in name}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.fault(9)
@pytest.mark.fault(11)
@pytest.mark.fault(12)
def test_connection__fails(site: Site, name: str) -> None:
    """It ends with a typed error, by the deadline, and nothing secret is told."""
    act, kind = FAULTS[name]
    site.keycloak.acts = [act]
    if name in HANGING:
        site.deadline = 0.4

    error = site.refuses(kind)

    assert "\x1b" not in str(error)


def test_echo_server__is_not_quoted(site: Site) -> None:
    """What repeats the request in its status line does not get it into the error."""
    subject = site.subject()
    line = f"HTTP/9.9 {subject} s3cret-of-the-requester\r\n\r\n"
    site.keycloak.acts = [sends(line.encode(), then=closes)]

    site.refuses(UnexpectedReply, subject)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect__sends_no_secret_on(site: Site, status: int) -> None:
    """C27, pitfall 5: another host hears nothing, neither does another path."""
    with FaultServer(grants()) as other:
        for place in (f"{other.url}/token", f"{site.keycloak.issuer}/other"):
            site.keycloak.acts = [replies("", status, f"Location: {place}")]
            error = site.refuses(UnexpectedReply)
            assert f"redirects ({status})" in error.cause

        assert other.connections == 0
        assert {seen.path for seen in site.keycloak.asked} == {"/realms/shop/token"}


@pytest.mark.fault(8)
def test_refused_connection__is_typed(site: Site) -> None:
    """Nobody listens: told at once, not at the deadline."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    site.keycloak.issuer = f"http://127.0.0.1:{port}/realms/shop"

    error = site.refuses(ExchangeUnavailable)

    assert isinstance(error, transport.NoReply)
    assert error.sent is False


@pytest.mark.fault(14)
def test_unknown_host__is_typed(site: Site) -> None:
    """A name that nobody has (RFC 6761 section 6.4) is told as such."""
    site.keycloak.issuer = "http://keycloak.invalid/realms/shop"
    site.realm["ALLOW_PLAIN_HTTP"] = True

    assert "does not resolve" in site.refuses(ExchangeUnavailable).cause


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.fault(14)
def test_resolver__that_hangs_is_held_to_the_deadline(
    monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """The system's name service may take as long as it likes; the caller does not."""
    over, look_up = threading.Event(), socket.getaddrinfo

    def hangs(host: str, *arguments: Any, **options: Any) -> Any:
        if host == "id.example" and not options.get("flags"):
            over.wait(5)
        return look_up(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    url = f"{scheme}://id.example/realms/shop"
    realm = Realm(alias="default", issuer=url, client_id="django-app")
    started = time.monotonic()

    with pytest.raises(ExchangeUnavailable, match="within its deadline"):
        transport.request(realm, url, transport.Deadline(0.3))

    assert time.monotonic() - started < 0.65
    over.set()


@pytest.mark.fault(14)
def test_resolver__that_gets_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system has none left: that is told as what it is, and may soon be over."""

    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    url = "http://id.example/realms/shop"
    realm = Realm(alias="default", issuer=url, client_id="django-app")

    with pytest.raises(transport.NoReply, match="no thread is to be had"):
        transport.request(realm, url, transport.Deadline(5))


@pytest.mark.fault(10)
def test_idle_connection__that_was_closed(site: Site) -> None:
    """A kept connection that died is replaced without a failure."""
    site.keycloak.acts = [lambda wire: grants()(wire) and False, grants()]

    assert site.call(site.subject(jti="1")).status_code == 200
    time.sleep(0.05)
    assert site.call(site.subject(jti="2")).status_code == 200

    assert len(site.keycloak.asked) == 2


def test_connection__is_kept(site: Site) -> None:
    """Discovery and two exchanges share one connection."""
    site.call(site.subject(jti="1"))
    site.call(site.subject(jti="2"))

    assert site.keycloak.connections == 1
    assert len(site.keycloak.requests) == 3


def test_failed_connection__is_not_kept(site: Site) -> None:
    """After a reply that was cut off by its cap, the rest is not read as the next."""
    site.keycloak.acts = [replies("x" * 70_000), grants()]

    site.refuses(UnexpectedReply)

    assert site.call().status_code == 200
    assert site.keycloak.connections == 2


@pytest.mark.fault(11)
def test_discovery__slow_server_holds_each_caller_to_its_deadline(site: Site) -> None:
    """Ten threads wait for discovery together, not one after the other."""
    site.keycloak.discovery = b""
    site.keycloak.greeting = silent
    site.deadline = 0.4
    took: list[float] = []

    def call(number: int) -> None:
        started = time.monotonic()
        with pytest.raises(ExchangeUnavailable):
            site.call(site.subject(jti=str(number)))
        took.append(time.monotonic() - started)

    threads = [threading.Thread(target=call, args=(n,)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(took) == 10
    assert max(took) < 0.9


def test_request__is_neither_proxied_nor_signed_by_the_environment(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    """Pitfalls 1 and 2: proxies and .netrc of the environment are not asked."""
    with FaultServer(grants()) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)

        assert site.call().status_code == 200

        assert proxy.connections == 0


def test_bytes_after_the_reply__are_not_the_next_reply() -> None:
    """A second reply in the same packet is thrown away (C35)."""
    bad = http(json.dumps({"who": "bob"}))
    with FaultServer(sends(http("{}") + bad), replies('{"who": "alice"}')) as server:
        realm = Realm(alias="default", issuer=server.issuer, client_id="x")
        for _ in range(2):
            deadline = transport.Deadline(1)
            reply = transport.request(realm, server.url, deadline, form=[("a", "b")])
        transport.close()

    assert reply.body == b'{"who": "alice"}'


def test_reply__repr_hides_the_body() -> None:
    """A reply holds tokens: debug pages show its repr."""
    reply = transport.Reply(200, {}, b"the-token")

    assert "the-token" not in repr(reply)


def test_tls_context__is_built_once() -> None:
    """Pitfall 27: it takes 40 ms, so tenants share it, though no connection."""
    realm = Realm(alias="a", issuer="https://a.example", client_id="x")
    other = Realm(alias="b", issuer="https://b.example", client_id="y")
    again = Realm(alias="c", issuer="https://a.example", client_id="z")

    one, two, three = map(transport._manager, (realm, other, again))

    assert one is three
    assert one is not two
    key = "ssl_context"
    assert one.connection_pool_kw[key] is two.connection_pool_kw[key]
