"""The middleware: whose token is bound, for how long, in both kinds of views."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import AsyncClient, Client
from django.urls import path

from kc_exchange import downstream_client, downstream_session
from kc_exchange.context import bound_subject
from kc_exchange.exceptions import NoSubjectToken
from kc_exchange.middleware import UserTokenMiddleware
from kc_exchange.tokens import unverified_claims

if TYPE_CHECKING:
    from tests.servers.site import Site


def user_of(token: str) -> str:
    return str(unverified_claims(token)["sub"])


def whoami(request: HttpRequest) -> JsonResponse:
    before = user_of(bound_subject().token().value)
    time.sleep(0.02)
    after = user_of(bound_subject().token().value)
    return JsonResponse([before, after], safe=False)


async def whoami_async(request: HttpRequest) -> JsonResponse:
    before = user_of(bound_subject().token().value)
    await asyncio.sleep(0.02)
    in_thread = await asyncio.to_thread(lambda: bound_subject().token().value)
    return JsonResponse([before, user_of(in_thread)], safe=False)


def crash(request: HttpRequest) -> HttpResponse:
    bound_subject().token()
    raise ZeroDivisionError


async def crash_async(request: HttpRequest) -> HttpResponse:
    bound_subject().token()
    raise ZeroDivisionError


def call(request: HttpRequest) -> HttpResponse:
    with downstream_session("orders-api") as session:
        return HttpResponse(session.get("x").text)


async def call_async(request: HttpRequest) -> HttpResponse:
    async with downstream_client("orders-api") as client:
        return HttpResponse((await client.get("x")).text)


urlpatterns = [
    path("whoami/", whoami),
    path("whoami-async/", whoami_async),
    path("crash/", crash),
    path("crash-async/", crash_async),
    path("call/", call),
    path("call-async/", call_async),
]
pytestmark = [
    pytest.mark.urls(__name__),
    pytest.mark.django_db,
]


def bearer(site: Site, user: str = "alice") -> dict[str, str]:
    site.configure()
    return {"Authorization": f"Bearer {site.subject(sub=user)}"}


def is_unbound() -> bool:
    try:
        bound_subject().token()
    except NoSubjectToken:
        return True
    return False


@pytest.mark.parametrize("view", ["whoami", "whoami-async"])
def test_sync_stack__binds_the_user(client: Client, site: Site, view: str) -> None:
    """Both kinds of views know whom they are for; afterwards nobody does."""
    response = client.get(f"/{view}/", headers=bearer(site))

    assert response.json() == ["alice", "alice"]
    assert is_unbound()


@pytest.mark.parametrize("view", ["whoami", "whoami-async"])
async def test_async_stack__binds_the_user(
    async_client: AsyncClient, site: Site, view: str
) -> None:
    """The same under ASGI, in the same class."""
    response = await async_client.get(f"/{view}/", headers=bearer(site))

    assert response.json() == ["alice", "alice"]
    assert is_unbound()


def test_crash__unbinds_the_user(client: Client, site: Site) -> None:
    """A view that fails leaves nobody behind."""
    with pytest.raises(ZeroDivisionError):
        client.get("/crash/", headers=bearer(site))

    assert is_unbound()


async def test_crash__unbinds_the_user_of_an_async_view(
    async_client: AsyncClient, site: Site
) -> None:
    """The same under ASGI."""
    with pytest.raises(ZeroDivisionError):
        await async_client.get("/crash-async/", headers=bearer(site))

    assert is_unbound()


def test_threads__never_see_each_others_user(site: Site) -> None:
    """Eight requests at a time on four threads."""
    names = [f"user-{n}" for n in range(8)] * 4
    headers = {name: bearer(site, name) for name in set(names)}

    def one(name: str) -> bool:
        response = Client().get("/whoami/", headers=headers[name])
        return bool(response.json() == [name, name])

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(one, names))


async def test_tasks__never_see_each_others_user(site: Site) -> None:
    """Thirty requests at a time in one event loop."""
    names = [f"user-{n}" for n in range(30)]

    async def one(name: str) -> Any:
        made = AsyncClient()
        return (await made.get("/whoami-async/", headers=bearer(site, name))).json()

    assert await asyncio.gather(*map(one, names)) == [[n, n] for n in names]


def test_raw_thread__is_for_nobody(client: Client, site: Site) -> None:
    """A thread that the view starts by itself inherits no user."""
    seen: list[bool] = []

    def respond(request: HttpRequest) -> HttpResponse:
        thread = threading.Thread(target=lambda: seen.append(is_unbound()))
        thread.start()
        thread.join()
        return HttpResponse()

    site.configure()
    request = HttpRequest()
    request.META["HTTP_AUTHORIZATION"] = bearer(site)["Authorization"]
    UserTokenMiddleware(respond)(request)

    assert seen == [True]


@pytest.mark.parametrize("view", ["call", "call-async"])
def test_call__carries_the_users_exchanged_token(
    client: Client, site: Site, view: str
) -> None:
    """The way of the data, from the header to the downstream."""
    headers = bearer(site)

    assert client.get(f"/{view}/", headers=headers).status_code == 200

    (sent,) = site.downstream.tokens
    assert user_of(sent) == "alice"
    assert sent not in headers["Authorization"]


def test_middleware__is_a_coroutine_function_where_its_view_is() -> None:
    """Django asks so to know how to call it."""

    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    assert iscoroutinefunction(UserTokenMiddleware(view))
    assert not iscoroutinefunction(UserTokenMiddleware(lambda _: HttpResponse()))
