"""The session of one user and one downstream: what leaves it, and what does not."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import pytest
import requests

from kc_exchange.downstream import DownstreamSession, adapters
from kc_exchange.exceptions import ReservedHeader, WrongDownstream
from tests.downstream.tools import CountingSource, downstream_at, session_at
from tests.servers import FaultServer, drips, http, replies, silent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kc_exchange.testing import DownstreamRecorder


def test_netrc__is_not_read(
    session: DownstreamSession,
    orders: DownstreamRecorder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Pitfall 1: a password in ~/.netrc does not replace the token, nor on redirect."""
    for name in (".netrc", "_netrc"):
        path = tmp_path / name
        path.write_text("machine 127.0.0.1 login bob password netrc-secret\n")
        path.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    orders.answer_next(302, headers={"Location": "/there"})

    session.get("here")

    sent = [request.headers["authorization"] for request in orders.requests]
    assert sent == ["Bearer token-1", "Bearer token-1"]


def test_proxies_of_the_environment__are_not_used(
    session: DownstreamSession,
    orders: DownstreamRecorder,
    other: DownstreamRecorder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Pitfall 2: a proxy would see the token in the clear."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, other.url)
    monkeypatch.delenv("no_proxy", raising=False)

    session.get("x")

    assert orders.tokens == ["token-1"]
    assert other.requests == []


def test_cookie__of_alice_is_not_sent_with_bob(orders: DownstreamRecorder) -> None:
    """Pitfall 6: sessions share connections, and keep no cookie."""
    orders.answer_next(200, headers={"Set-Cookie": "session=alice; Path=/"}, times=2)
    with session_at(orders.url) as alice, session_at(orders.url) as bob:
        alice.get("x")
        alice.get("y")
        bob.get("z")

        assert len(alice.cookies) == len(bob.cookies) == 0
    assert all("cookie" not in request.headers for request in orders.requests)


def test_sessions__share_nothing_but_connections(orders: DownstreamRecorder) -> None:
    """Pitfall 7: the token is in the request, never in the session's headers."""
    with session_at(orders.url) as alice, session_at(orders.url) as bob:
        alice.headers["X-User"] = "alice"
        alice.get("x")
        bob.get("y")

        assert "Authorization" not in alice.headers
    assert "x-user" not in orders.requests[1].headers


def test_close__leaves_the_connections_to_the_others() -> None:
    """Pitfalls 8 and 9: a session is closed, the pool of its downstream is not."""
    with FaultServer(replies("{}")) as server:
        for _ in range(5):
            with session_at(f"{server.url}/") as session:
                session.get("x")

        assert server.connections == 1
        assert len(server.requests) == 5


def test_session__of_before_a_fork_connects_anew() -> None:
    """Parent and child would else read each other's replies from one socket."""
    with FaultServer(replies("{}")) as server, session_at(f"{server.url}/") as session:
        session.get("x")
        adapters._adapters.clear()  # as in a child

        session.get("x")

        assert server.connections == 2


def test_adapter__of_the_callers_own_is_used(session: DownstreamSession) -> None:
    """As one that a test mounts."""
    own = requests.adapters.HTTPAdapter()
    session.mount("http://", own)

    assert session.get_adapter("http://127.0.0.1/") is own


def test_connection_error__is_not_repeated() -> None:
    """Pitfall 12: whether a write was done is not known, so it is not done again."""
    with (
        FaultServer(lambda _: False) as server,
        session_at(f"{server.url}/") as session,
        pytest.raises(requests.ConnectionError),
    ):
        session.post("x", data=b"pay")

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "given",
    [
        {"auth": ("user", "password")},
        {"headers": {"Authorization": "Bearer other"}},
        {"headers": {"authorization": "Bearer other"}},
        {"headers": {b"AUTHORIZATION": b"Bearer other"}},
        {"headers": {"Proxy-Authorization": "Basic x"}},
        {"headers": {"Host": "evil.example"}},
    ],
    ids=["auth", "header", "lower-case", "bytes", "proxy", "host"],
)
def test_caller__cannot_sign(
    session: DownstreamSession, orders: DownstreamRecorder, given: dict[str, Any]
) -> None:
    """The session alone decides who is called for, and where."""
    with pytest.raises(ReservedHeader):
        session.get("x", **given)

    assert orders.requests == []


def with_auth(session: DownstreamSession) -> None:
    session.auth = ("user", "password")


def with_header(session: DownstreamSession) -> None:
    session.headers["Authorization"] = "Bearer other"


@pytest.mark.parametrize("change", [with_auth, with_header])
def test_session__cannot_be_made_to_sign(
    session: DownstreamSession, orders: DownstreamRecorder, change: Callable
) -> None:
    """What is set on the session is refused as well."""
    change(session)

    with pytest.raises(ReservedHeader):
        session.get("x")

    assert orders.requests == []


def test_prepared_request__is_checked_too(
    session: DownstreamSession, orders: DownstreamRecorder, other: DownstreamRecorder
) -> None:
    """`send` takes nothing that `prepare_request` would not have let through."""
    with pytest.raises(WrongDownstream):
        session.send(requests.Request("GET", other.url).prepare())
    named = requests.Request("GET", orders.url, headers={"Host": "evil.example"})
    with pytest.raises(ReservedHeader):
        session.send(named.prepare())

    assert orders.requests == []


def in_call(session: DownstreamSession, url: str) -> None:
    session.get(url, verify=False)


def in_session(session: DownstreamSession, url: str) -> None:
    session.verify = False
    session.get(url)


def in_send(session: DownstreamSession, url: str) -> None:
    session.send(requests.Request("GET", url).prepare(), verify=False)


@pytest.mark.parametrize("unverified", [in_call, in_session, in_send])
def test_verify__cannot_be_switched_off(
    session: DownstreamSession, orders: DownstreamRecorder, unverified: Callable
) -> None:
    """An unverified downstream could be anybody."""
    with pytest.raises(WrongDownstream, match="verify=False"):
        unverified(session, orders.url)

    assert orders.requests == []


@pytest.mark.parametrize("timeout", [None, (None, None), (1.0, None)])
@pytest.mark.parametrize("act", [silent, drips(http("{}"), pause=0.5)])
def test_timeout__is_always_there(timeout: Any, act: Any) -> None:
    """A downstream that says nothing is given up, also where the caller says None."""
    with (
        FaultServer(act) as server,
        session_at(f"{server.url}/", timeout=(0.2, 0.2)) as session,
        pytest.raises(requests.Timeout),
    ):
        session.get("x", timeout=timeout)


def test_session__is_not_pickled(session: DownstreamSession) -> None:
    """Pitfall 23: neither the session nor its token goes into a queue or a cache."""
    with pytest.raises(TypeError, match="is not pickled"):
        pickle.dumps(session)

    assert "token-1" not in repr(session)


def test_downstream__is_configured_or_nothing(orders: DownstreamRecorder) -> None:
    """The adapter is shared by downstream, not by user."""
    downstream = downstream_at(orders.url)
    one = DownstreamSession(downstream, CountingSource())
    two = DownstreamSession(downstream, CountingSource())

    assert one.get_adapter(orders.url) is two.get_adapter(orders.url)
    one.close()
    two.close()
