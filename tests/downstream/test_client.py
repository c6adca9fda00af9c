"""The client of event loops keeps the rules of the session."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from kc_exchange.downstream.client import DownstreamClient
from kc_exchange.exceptions import (
    InsufficientScope,
    NoSubjectToken,
    ReservedHeader,
    StepUpRequired,
    WrongDownstream,
)
from tests.downstream.tools import CountingSource, downstream_at
from tests.servers import FaultServer, silent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kc_exchange.testing import DownstreamRecorder
    from kc_exchange.tokens import AccessToken

INVALID = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


def client_at(url: str, **changes: object) -> DownstreamClient:
    return DownstreamClient(downstream_at(url, **changes), CountingSource())


@pytest.fixture
async def client(orders: DownstreamRecorder) -> AsyncIterator[DownstreamClient]:
    """Give a client for a path of `orders`."""
    async with client_at(f"{orders.url}api/") as made:
        yield made


async def test_call__is_signed(
    client: DownstreamClient, orders: DownstreamRecorder
) -> None:
    """Relative URLs are below BASE_URL."""
    assert (await client.get("v1/x", params={"a": "b"})).status_code == 200
    await client.get("/v2")

    assert [seen.path for seen in orders.requests] == ["/api/v1/x", "/api/v2"]
    assert orders.tokens == ["token-1", "token-1"]


@pytest.mark.parametrize(
    "url",
    [
        "//evil.example/x",
        "../admin",
        "%2e%2e/admin",
        "..%2fadmin",
        "..;/admin",
        "v1/../../admin",
    ],
)
async def test_url__leads_away(
    client: DownstreamClient, orders: DownstreamRecorder, url: str
) -> None:
    """Pitfalls 10 and 11, as httpx writes URLs."""
    with pytest.raises(WrongDownstream):
        await client.get(url)

    assert orders.requests == []


async def test_url__of_another_host(
    client: DownstreamClient, orders: DownstreamRecorder, other: DownstreamRecorder
) -> None:
    """Neither an absolute URL nor one with a user in it."""
    with_user = orders.url.replace("http://", "http://user:pw@")
    for url in (f"{other.url}api/x", f"{with_user}api/x", orders.url):
        with pytest.raises(WrongDownstream):
            await client.get(url)

    assert orders.requests == other.requests == []


@pytest.mark.parametrize(
    "given",
    [
        {"auth": ("user", "password")},
        {"headers": {"Authorization": "Bearer other"}},
        {"headers": {"proxy-authorization": "Basic x"}},
        {"headers": {"Host": "evil.example"}},
    ],
    ids=["auth", "header", "proxy", "host"],
)
async def test_caller__cannot_sign(
    client: DownstreamClient, orders: DownstreamRecorder, given: dict[str, Any]
) -> None:
    """The client alone decides who is called for, and where."""
    with pytest.raises(ReservedHeader):
        await client.get("x", **given)

    assert orders.requests == []


async def test_client__cannot_be_made_to_sign(client: DownstreamClient) -> None:
    """`auth` and default headers are refused as well."""
    client.auth = ("user", "password")
    with pytest.raises(ReservedHeader):
        await client.get("x")
    client.auth = None  # type: ignore[assignment]
    client.headers["Authorization"] = "Bearer other"
    with pytest.raises(ReservedHeader):
        await client.get("x")


async def test_redirect__within_the_origin_alone(
    client: DownstreamClient, orders: DownstreamRecorder, other: DownstreamRecorder
) -> None:
    """Followed when asked to, signed anew, and never elsewhere."""
    orders.answer_next(302, headers={"Location": "/api/b", "Set-Cookie": "a=b"})
    orders.answer_next(307, headers={"Location": f"{other.url}api/c"})

    with pytest.raises(WrongDownstream):
        await client.get("a", follow_redirects=True)

    assert [seen.path for seen in orders.requests] == ["/api/a", "/api/b"]
    assert all("cookie" not in seen.headers for seen in orders.requests)
    assert other.requests == []


async def test_redirect__is_not_followed_by_default(
    client: DownstreamClient, orders: DownstreamRecorder
) -> None:
    """As httpx has it."""
    orders.answer_next(302, headers={"Location": "/api/b"})

    assert (await client.get("a")).status_code == 302


async def test_redirect__in_a_circle(
    client: DownstreamClient, orders: DownstreamRecorder
) -> None:
    """Five are enough."""
    orders.answer_next(302, headers={"Location": "/api/b"}, times=50)

    with pytest.raises(httpx.TooManyRedirects):
        await client.get("a", follow_redirects=True)

    assert len(orders.requests) == 6


async def test_token__is_renewed_once(
    client: DownstreamClient, orders: DownstreamRecorder
) -> None:
    """The 401 rule of the session."""
    orders.answer_next(401, headers=INVALID, times=2)

    assert (await client.post("x", content=b"abc")).status_code == 401

    assert orders.tokens == ["token-1", "token-2"]
    assert [seen.body for seen in orders.requests] == [b"abc", b"abc"]


class LoggedOut(CountingSource):
    """A source whose user has logged out meanwhile."""

    def discard(self, token: AccessToken) -> None:
        """Raise."""
        super().discard(token)
        raise NoSubjectToken


class Slow(CountingSource):
    """A source that waits for a shared cache."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.over = threading.Event(), threading.Event()

    def discard(self, token: AccessToken) -> None:
        """Wait."""
        super().discard(token)
        self.asked.set()
        self.over.wait(20)


async def test_reply__is_closed_where_its_token_cannot_be_dropped(
    orders: DownstreamRecorder,
) -> None:
    """Each would keep a connection: after as many as there are, no call gets one."""
    orders.answer_next(401, headers=INVALID, times=64)
    async with DownstreamClient(downstream_at(orders.url), LoggedOut()) as client:
        for _ in range(64):
            with pytest.raises(NoSubjectToken):
                await stream(client)

        assert (await client.get("x")).status_code == 200


async def test_reply__is_closed_where_its_call_is_cancelled(
    orders: DownstreamRecorder,
) -> None:
    """The same, while the token is dropped."""
    orders.answer_next(401, headers=INVALID)
    source = Slow()
    async with DownstreamClient(downstream_at(orders.url), source) as client:
        task = asyncio.create_task(stream(client))
        assert await asyncio.to_thread(source.asked.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        source.over.set()

        pool = client._transport._pool  # type: ignore[attr-defined]
        assert pool._calls == 0


async def stream(client: DownstreamClient) -> None:
    async with client.stream("GET", "x"):
        pytest.fail("it was refused")


async def test_request__is_left_as_it_was(
    client: DownstreamClient, orders: DownstreamRecorder
) -> None:
    """It may be sent again, and whoever is shown it with the reply sees no token."""
    request = client.build_request("GET", "x", headers={"DPoP": "the caller's"})
    before = request.headers.copy()
    orders.answer_next(401, headers=INVALID)

    for _ in range(2):
        response = await client.send(request)
        assert response.status_code == 200
        assert response.request.headers == before

    assert orders.tokens == ["token-1", "token-2", "token-2"]
    assert {seen.headers["dpop"] for seen in orders.requests} == {"the caller's"}


async def test_stream__is_not_sent_again(
    client: DownstreamClient, orders: DownstreamRecorder
) -> None:
    """Pitfall 13: what was consumed is gone."""
    orders.answer_next(401, headers=INVALID)

    async def body() -> AsyncIterator[bytes]:
        yield b"abc"

    assert (await client.post("x", content=body())).status_code == 401

    assert orders.tokens == ["token-1"]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("insufficient_scope", InsufficientScope),
        ("insufficient_user_authentication", StepUpRequired),
    ],
)
async def test_challenge__is_told(
    client: DownstreamClient,
    orders: DownstreamRecorder,
    error: str,
    kind: type[Exception],
) -> None:
    """What a newer token would not change is an error."""
    orders.answer_next(401, headers={"WWW-Authenticate": f'Bearer error="{error}"'})

    with pytest.raises(kind):
        await client.get("x")

    assert orders.tokens == ["token-1"]


async def test_cookies_and_proxies__are_not_used(
    orders: DownstreamRecorder,
    other: DownstreamRecorder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Pitfalls 2 and 6."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, other.url)
    orders.answer_next(200, headers={"Set-Cookie": "session=alice; Path=/"})
    async with client_at(orders.url) as alice, client_at(orders.url) as bob:
        await alice.get("x")
        await alice.get("y")
        await bob.get("z")

    assert len(orders.requests) == 3
    assert all("cookie" not in seen.headers for seen in orders.requests)
    assert other.requests == []


async def test_timeout__is_always_there() -> None:
    """Also where the caller says None."""
    with FaultServer(silent) as server:
        async with client_at(f"{server.url}/", timeout=(0.2, 0.2)) as client:
            with pytest.raises(httpx.TimeoutException):
                await client.get("x", timeout=None)
            with pytest.raises(httpx.TimeoutException):
                await client.get("x")


async def test_error__shows_no_token() -> None:
    """The frames of the network's code are gone, and the header with them."""
    async with client_at("http://127.0.0.1:9/") as client:
        with pytest.raises(httpx.ConnectError) as caught:
            await client.get("x")

    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
