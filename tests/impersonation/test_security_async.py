"""A client that hangs up while a view of an event loop runs."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import alogout
from django.http import HttpResponse
from django.test import AsyncClient
from django.urls import path

from kc_exchange.impersonation import current_grant
from tests.impersonation import desk as pages
from tests.impersonation.desk import Cause, Type

if TYPE_CHECKING:
    from tests.impersonation.desk import Desk

pytestmark = pytest.mark.django_db(transaction=True)
reached: asyncio.Event


async def slow(request: Any) -> HttpResponse:
    """Wait for longer than any client does."""
    if "leave" in request.GET:
        await alogout(request)
    reached.set()
    await asyncio.sleep(60)
    return HttpResponse("late")


urlpatterns = [*pages.urlpatterns, path("slow/", slow, name="slow")]


async def hung_up(desk: Desk, url: str) -> None:
    """Ask for a page, and hang up once its view runs."""
    global reached  # noqa: PLW0603 - an event belongs to one loop
    reached = asyncio.Event()
    client = AsyncClient()
    client.cookies = desk.client.cookies
    task = asyncio.create_task(client.get(url))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert current_grant() is None


async def test_hang_up__is_recorded(desk: Desk, settings: Any):
    """Nobody knows how much of it was done; that it ended is in the record."""
    settings.ROOT_URLCONF = __name__
    await sync_to_async(desk.start)()
    await hung_up(desk, "/slow/")
    (finished,) = await sync_to_async(desk.events)(Type.REQUEST_FINISHED)
    assert (finished.outcome, finished.code) == ("unknown", "cancelled")
    assert json.loads(bytes(finished.payload))["details"]["status"] is None
    assert await sync_to_async(desk.who)() == "alice"


async def test_hang_up__after_a_logout(desk: Desk, settings: Any):
    """The logout holds: the grant is over, and the operator's session with it."""
    settings.ROOT_URLCONF = __name__
    await sync_to_async(desk.start)()
    await hung_up(desk, "/slow/?leave")
    assert await sync_to_async(desk.cause)() == Cause.LOGOUT
    assert await sync_to_async(desk.who)() == ""
