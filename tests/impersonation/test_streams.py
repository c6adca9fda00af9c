"""Row D28: responses that go on after their request, sync and async."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from asgiref.sync import async_to_sync, sync_to_async
from django.http import FileResponse, StreamingHttpResponse
from django.test import AsyncClient
from django.urls import path

from kc_exchange.impersonation import end, overlay
from tests.impersonation import desk as pages
from tests.impersonation.desk import Cause, Type

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.impersonation.desk import Desk

pytestmark = pytest.mark.django_db
MANY = 50
_MOMENT = timedelta(microseconds=1)


def stream(request: Any) -> StreamingHttpResponse:
    """Say again and again who it is, and what the session holds."""

    def chunks() -> Iterator[str]:
        for number in range(MANY):
            basket = request.session.get("basket", "")
            yield f"{number} {request.user} {basket}\n"

    return StreamingHttpResponse(chunks(), content_type="text/plain")


async def astream(request: Any) -> StreamingHttpResponse:
    """Do the same in a coroutine."""

    async def chunks() -> AsyncIterator[str]:
        for number in range(MANY):
            basket = await request.session.aget("basket", "")
            yield f"{number} {request.user} {basket}\n"

    return StreamingHttpResponse(chunks(), content_type="text/plain")


def download(request: Any) -> FileResponse:
    """Send this file."""
    return FileResponse(open(__file__, "rb"))  # noqa: PTH123 - it closes it


urlpatterns = [
    *pages.urlpatterns,
    path("stream/", stream),
    path("astream/", astream),
    path("download/", download),
]


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Let the desk have these pages, too."""
    desk.settings.ROOT_URLCONF = __name__
    return desk


def wait() -> None:
    """Let the time pass after which a stream asks again."""
    time.sleep(overlay._LOOK_AGAIN)


def begun(desk: Desk, url: str) -> Iterator[bytes]:
    response: Any = desk.client.get(url)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store, private, max-age=0"
    return iter(response.streaming_content)


def test_d28__stream_of_a_grant(desk: Desk):
    """It is the target's to its end, and so is the session in it."""
    grant = desk.start()
    desk.client.get("/note/?basket=full")
    assert list(begun(desk, "/stream/"))[-1] == f"{MANY - 1} alice full\n".encode()
    assert len(desk.events(Type.REQUEST_FINISHED, grant=grant)) == 2


def test_d28__grant_ended_while_streaming(desk: Desk):
    """Nothing more is sent, once the stream has asked again."""
    grant = desk.start()
    chunks = begun(desk, "/stream/")
    assert next(chunks) == b"0 alice \n"
    end(grant, Cause.FORCED)
    wait()
    assert list(chunks) == []


def test_d28__grant_goes_on_while_streaming(desk: Desk):
    """Asking again interrupts nothing that may go on."""
    desk.start()
    chunks = begun(desk, "/stream/")
    next(chunks)
    wait()
    assert len(list(chunks)) == MANY - 1


def test_d28__time_limit_reached_while_streaming(desk: Desk):
    """The limit is looked at with every chunk."""
    grant = desk.start()
    chunks = begun(desk, "/stream/")
    next(chunks)
    with time_machine.travel(grant.expires_at - _MOMENT, tick=False):
        assert next(chunks)
    with time_machine.travel(grant.expires_at, tick=False):
        assert list(chunks) == []


def test_d28__async_stream(desk: Desk):
    """As with a generator: the target's, until the grant is over."""
    grant = desk.start()
    desk.client.get("/note/?basket=full")
    browser: Any = AsyncClient()
    browser.cookies = desk.client.cookies

    async def read() -> tuple[list[bytes], list[bytes]]:
        whole = await browser.get("/astream/")
        all_of_it = [chunk async for chunk in whole.streaming_content]
        response = await browser.get("/astream/")
        chunks = aiter(response.streaming_content)
        first = await anext(chunks)
        await sync_to_async(end)(grant, Cause.FORCED)
        await sync_to_async(wait)()
        return all_of_it, [first] + [chunk async for chunk in chunks]

    whole, cut = async_to_sync(read)()
    assert whole[-1] == f"{MANY - 1} alice full\n".encode()
    assert len(whole) == MANY
    assert cut == [b"0 alice full\n"]


def test_d28__file(desk: Desk):
    """A file is sent whole, and closed."""
    desk.start()
    response: Any = desk.client.get("/download/")
    with open(__file__, "rb") as own:  # noqa: PTH123
        assert b"".join(response.streaming_content) == own.read()
    response.close()
    assert response.closed


def test_d28__stream_left_early(desk: Desk):
    """A browser that hangs up leaves nothing open."""
    desk.start()
    response: Any = desk.client.get("/stream/")
    next(iter(response.streaming_content))
    response.close()
    assert desk.who() == "alice"
