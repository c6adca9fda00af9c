"""What is put right before Django saves the session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.backends import cache
from django.contrib.sessions.backends.base import UpdateError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path

from kc_exchange import capture
from kc_exchange.capture import newest
from kc_exchange.capture.session import ITEM
from kc_exchange.capture.settling import write
from tests.capture.browser import (
    logged_in,
    logged_in_user,
    store,
    tokens,
    with_session,
)
from tests.capture.counting import Keycloak, captured
from tests.databases import close_for_good

if TYPE_CHECKING:
    from django.test import AsyncClient, Client

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def shown(request: HttpRequest) -> HttpResponse:
    found = capture.capture(request)
    return HttpResponse(found.value if found else "")


def cycle(request: HttpRequest) -> HttpResponse:
    request.session.cycle_key()
    return shown(request)


def blind_cycle(request: HttpRequest) -> HttpResponse:
    request.session.cycle_key()
    return HttpResponse()


async def async_cycle(request: HttpRequest) -> HttpResponse:
    await request.session.acycle_key()
    return HttpResponse()


urlpatterns = [
    path("async-cycle/", async_cycle),
    path("shown/", shown),
    path("cycle/", cycle),
    path("blind-cycle/", blind_cycle),
]


@pytest.mark.parametrize("same_process", [True, False])
def test_stale_copy_saved_later__does_not_bring_old_tokens_back(
    same_process: bool, engine: str
) -> None:
    key = logged_in(tokens())
    slow, _ = captured(key)
    found = capture.renew(*captured(key), Keycloak())
    if not same_process:
        newest._entries.clear()

    slow.session["theme"] = "dark"
    capture.settle(slow)
    slow.session.save()
    newest._entries.clear()

    assert capture.from_session(with_session(key)) == found
    assert store(key)["theme"] == "dark"


def test_copy_that_is_not_saved__costs_no_save() -> None:
    key = logged_in(tokens())
    slow, _ = captured(key)
    request, rejected = captured(key)
    capture.renew(request, rejected, Keycloak())

    capture.settle(slow)
    capture.settle(request)

    assert not slow.session.modified
    assert not request.session.modified
    assert capture.is_settled(slow)


def test_renewal_in_rolled_back_transaction__is_written_again() -> None:
    """A view under ATOMIC_REQUESTS that fails takes the stored tokens with it."""
    key = logged_in(tokens())
    request, rejected = captured(key)
    with transaction.atomic():
        found = capture.renew(request, rejected, Keycloak())
        transaction.set_rollback(True)
    assert store(key)[ITEM] != request.session[ITEM]

    assert not capture.is_settled(request)
    capture.settle(request)
    newest._entries.clear()

    assert capture.from_session(with_session(key)) == found


def test_cycled_session__is_renewed_under_its_new_key(engine: str) -> None:
    request, rejected = captured(logged_in(tokens()))
    request.session.cycle_key()

    found = capture.renew(request, rejected, Keycloak())
    capture.settle(request)
    request.session.save()
    newest._entries.clear()

    key = request.session.session_key
    assert capture.from_session(with_session(key)) == found


@pytest.mark.parametrize("page", ["/cycle/", "/blind-cycle/"])
def test_cycled_session__keeps_its_tokens(
    page: str, engine: str, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """A password change, or an impersonation, gives the session another key."""
    key = logged_in_user(tokens())
    client.cookies["sessionid"] = key
    newest._entries.clear()

    client.get(page)

    after = client.cookies["sessionid"].value
    assert after != key
    newest._entries.clear()
    assert client.get("/shown/").content.decode() == tokens().access_token
    assert not caplog.records


@pytest.mark.django_db(transaction=True)
async def test_cycled_session_of_async_view__keeps_its_tokens(
    async_client: AsyncClient, settings: Any
) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    key = await sync_to_async(logged_in_user)(tokens())
    async_client.cookies["sessionid"] = key

    await async_client.get("/async-cycle/")

    newest._entries.clear()
    assert async_client.cookies["sessionid"].value != key
    response = await async_client.get("/shown/")
    assert response.content.decode() == tokens().access_token
    await sync_to_async(close_for_good)()


def test_flushed_session__has_no_tokens() -> None:
    request = with_session(logged_in(tokens()))
    request.session.flush()
    capture.settle(request)
    assert capture.kept(request) is None


def test_forgotten_tokens__stay_forgotten() -> None:
    """A request that loaded the session before saves it after: without them."""
    key = logged_in(tokens())
    slow, request = with_session(key), with_session(key)
    assert capture.kept(slow) is not None

    capture.forget(request)
    request.session.save()
    assert capture.kept(request) is None
    slow.session["theme"] = "dark"
    capture.settle(slow)
    slow.session.save()

    assert capture.kept(with_session(key)) is None
    assert ITEM not in store(key)
    assert store(key)["theme"] == "dark"
    capture.forget(HttpRequest())


class Vanishing(cache.SessionStore):
    """A session that another request deletes between our reading and our writing."""

    def save(self, must_create: bool = False) -> None:
        """Save after somebody deleted it."""
        if not must_create:
            self.delete()
        super().save(must_create)


class Busy(cache.SessionStore):
    """A store that cannot write now, as a locked database says it."""

    def save(self, must_create: bool = False) -> None:
        """Create, but do not update."""
        if not must_create:
            raise UpdateError
        super().save(must_create)


@pytest.mark.parametrize(("kind", "is_there"), [(Vanishing, False), (Busy, True)])
def test_write__tells_a_deleted_session_from_a_busy_store(
    kind: type[cache.SessionStore], is_there: bool
) -> None:
    session = kind()
    session.create()
    key = str(session.session_key)
    assert write(kind, key, "sealed") is is_there
    assert session.exists(key) is is_there
