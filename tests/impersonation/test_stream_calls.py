"""Row D28: what a stream calls under a grant is the target's, until the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.http import StreamingHttpResponse
from django.test import AsyncClient
from django.urls import path

from kc_exchange import downstream_client, downstream_session
from kc_exchange.impersonation import current_grant, end
from kc_exchange.impersonation.errors import GrantEnded
from kc_exchange.tokens import unverified_claims
from tests.impersonation import realm_desk as pages
from tests.impersonation.desk import Cause, Type

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.impersonation.realm_desk import RealmDesk

pytestmark = pytest.mark.django_db
MANY = 5


def grant_id() -> object:
    grant = current_grant()
    return grant and grant.pk


def stream(request: Any) -> StreamingHttpResponse:
    """Call for each part."""

    def parts() -> Iterator[str]:
        for _ in range(MANY):
            with downstream_session("orders-api") as session:
                status = session.get("v1/orders").status_code
            yield f"{status} {grant_id()}"

    return StreamingHttpResponse(parts())


async def astream(request: Any) -> StreamingHttpResponse:
    """Do the same in a coroutine."""

    async def parts() -> AsyncIterator[str]:
        for _ in range(MANY):
            async with downstream_client("orders-api") as client:
                status = (await client.get("v1/orders")).status_code
            yield f"{status} {grant_id()}"

    return StreamingHttpResponse(parts())


urlpatterns = [
    *pages.urlpatterns,
    path("stream/", stream),
    path("astream/", astream),
]


@pytest.fixture
def desk(realm_desk: RealmDesk) -> RealmDesk:
    """Let the desk have these pages, too."""
    realm_desk.settings.ROOT_URLCONF = __name__
    return realm_desk


def subjects(desk: RealmDesk) -> set[str]:
    return {unverified_claims(token)["sub"] for token in desk.service.tokens}


def test_d28__stream_calls_as_the_target(desk: RealmDesk):
    """All of its calls, each token recorded; never one as the operator."""
    grant = desk.start()
    response: Any = desk.client.get("/stream/")
    assert list(response.streaming_content) == [f"200 {grant.pk}".encode()] * MANY
    assert subjects(desk) == {desk.subject("alice")}
    assert desk.events(Type.TOKEN_ISSUED, grant=grant)


def test_d28__async_stream_calls_as_the_target(desk: RealmDesk):
    """The same for an asynchronous iterator."""
    grant = desk.start()
    browser: Any = AsyncClient()
    browser.cookies = desk.client.cookies

    async def read() -> list[bytes]:
        response = await browser.get("/astream/")
        return [part async for part in response.streaming_content]

    assert async_to_sync(read)() == [f"200 {grant.pk}".encode()] * MANY
    assert subjects(desk) == {desk.subject("alice")}


def test_d28__stream_calls_nobody_after_the_end(desk: RealmDesk):
    """The next call is refused: not as the target, and not as the operator."""
    grant = desk.start()
    response: Any = desk.client.get("/stream/")
    parts = iter(response.streaming_content)
    next(parts)
    end(grant, Cause.FORCED)
    with pytest.raises(GrantEnded):
        next(parts)
    assert len(desk.service.tokens) == 1


def test_d28__async_stream_calls_nobody_after_the_end(desk: RealmDesk):
    """The same for an asynchronous iterator."""
    grant = desk.start()
    browser: Any = AsyncClient()
    browser.cookies = desk.client.cookies

    async def read() -> None:
        response = await browser.get("/astream/")
        parts = aiter(response.streaming_content)
        await anext(parts)
        await sync_to_async(end)(grant, Cause.FORCED)
        with pytest.raises(GrantEnded):
            await anext(parts)

    async_to_sync(read)()
    assert len(desk.service.tokens) == 1


def test_d28__stream_without_a_grant_is_the_operators_own(desk: RealmDesk):
    """Outside of a grant they stream as themself."""
    response: Any = desk.client.get("/stream/")
    assert list(response.streaming_content) == [b"200 None"] * MANY
    assert subjects(desk) == {desk.subject("olga")}
