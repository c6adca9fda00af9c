"""Responses that go on after their request: whose token their calls get."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.test import AsyncClient, Client
from django.urls import path

from kc_exchange import downstream_client, downstream_session
from kc_exchange.context import bound_subject
from kc_exchange.exceptions import NoSubjectToken
from kc_exchange.middleware import UserTokenMiddleware
from kc_exchange.tokens import unverified_claims

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from django.test import RequestFactory

    from tests.servers.site import Site

PARTS = 3


def user() -> str:
    return str(unverified_claims(bound_subject().token().value)["sub"])


def stream(request: HttpRequest) -> StreamingHttpResponse:
    def parts() -> Iterator[str]:
        for _ in range(PARTS):
            with downstream_session("orders-api") as session:
                session.get("x")
            yield user()

    return StreamingHttpResponse(parts())


async def astream(request: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[str]:
        for _ in range(PARTS):
            async with downstream_client("orders-api") as client:
                await client.get("x")
            await asyncio.sleep(0)
            yield user()

    return StreamingHttpResponse(parts())


def names(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(user() for _ in range(PARTS))


def failing(request: HttpRequest) -> StreamingHttpResponse:
    def parts() -> Iterator[str]:
        yield user()
        raise ZeroDivisionError

    return StreamingHttpResponse(parts())


def download(request: HttpRequest) -> FileResponse:
    return FileResponse(open(__file__, "rb"))  # noqa: PTH123 - it closes it


urlpatterns = [
    path("stream/", stream),
    path("astream/", astream),
    path("names/", names),
    path("failing/", failing),
]
pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]


def bearer(site: Site, name: str = "alice") -> dict[str, str]:
    site.configure()
    return {"Authorization": f"Bearer {site.subject(sub=name)}"}


def is_unbound() -> bool:
    try:
        bound_subject().token()
    except NoSubjectToken:
        return True
    return False


def test_stream__calls_as_the_user_of_the_request(client: Client, site: Site) -> None:
    """Each part is produced with the binding, and none is left between two."""
    response: Any = client.get("/stream/", headers=bearer(site))
    seen = []
    for part in response.streaming_content:
        seen.append(part)
        assert is_unbound()

    assert seen == [b"alice"] * PARTS
    assert {unverified_claims(t)["sub"] for t in site.downstream.tokens} == {"alice"}


async def test_async_stream__calls_as_the_user_of_the_request(
    async_client: AsyncClient, site: Site
) -> None:
    """The same for an asynchronous iterator."""
    response: Any = await async_client.get("/astream/", headers=bearer(site))
    seen = []
    async for part in response.streaming_content:
        seen.append(part)
        assert is_unbound()

    assert seen == [b"alice"] * PARTS
    assert {unverified_claims(t)["sub"] for t in site.downstream.tokens} == {"alice"}


def test_stream__that_fails_leaves_nobody_bound(client: Client, site: Site) -> None:
    """An error of the generator is the generator's, and unbinds."""
    parts = iter(client.get("/failing/", headers=bearer(site)).streaming_content)  # type: ignore[attr-defined]

    assert next(parts) == b"alice"
    with pytest.raises(ZeroDivisionError):
        next(parts)
    assert is_unbound()


def test_two_streams__read_in_turn(site: Site) -> None:
    """One thread may send the parts of several people's streams by turns."""
    one, other = (
        Client().get("/names/", headers=bearer(site, name)) for name in ("ann", "bob")
    )
    parts = zip(one.streaming_content, other.streaming_content, strict=True)  # type: ignore[attr-defined]

    assert list(parts) == [(b"ann", b"bob")] * PARTS


def test_streams__read_in_other_threads(site: Site) -> None:
    """A server may send a stream from any thread; eight at a time on four."""
    people = [f"user-{n}" for n in range(8)] * 4
    responses: list[Any] = [
        Client().get("/names/", headers=bearer(site, name)) for name in people
    ]

    with ThreadPoolExecutor(4) as pool:
        read = pool.map(lambda one: list(one.streaming_content), responses)
        assert list(read) == [[name.encode()] * PARTS for name in people]


def test_file__is_left_to_the_server(rf: RequestFactory) -> None:
    """A server may send it without reading it here (`wsgi.file_wrapper`)."""
    response: Any = UserTokenMiddleware(download)(rf.get("/"))
    try:
        assert response.file_to_stream is not None
        with open(__file__, "rb") as own:  # noqa: PTH123
            assert b"".join(response.streaming_content) == own.read()
    finally:
        response.close()
