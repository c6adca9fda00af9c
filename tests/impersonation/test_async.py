"""Coroutines under a grant: the same person by every way to ask, one grant a task."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth import (
    alogin,
    alogout,
    aupdate_session_auth_hash,
    get_user_model,
)
from django.http import HttpResponse, JsonResponse
from django.test import AsyncClient, Client
from django.urls import path

from kc_exchange.impersonation import as_operator, current_grant, only_reads
from tests.impersonation import desk as pages
from tests.impersonation.desk import Cause, Type, allow, person

if TYPE_CHECKING:
    from tests.impersonation.desk import Desk

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


async def awho(request: Any) -> JsonResponse:
    """Say who it is, before and after others had their turn, and in a thread."""
    before = (await request.auser()).get_username()
    await asyncio.sleep(0.01)
    grant = current_grant()
    in_thread = await sync_to_async(current_grant)()
    return JsonResponse(
        {
            "user": [before, await sync_to_async(lambda: str(request.user))()],
            "operator": request.operator and request.operator.get_username(),
            "grants": [grant and str(grant.pk), in_thread and str(in_thread.pk)],
            "basket": await request.session.aget("basket"),
        }
    )


async def anote(request: Any) -> HttpResponse:
    """Put something into the session."""
    await request.session.aset("basket", request.GET["basket"])
    return HttpResponse("noted")


@only_reads
async def apost(request: Any) -> HttpResponse:
    """Be marked."""
    return HttpResponse((await request.auser()).get_username())


async def achange(request: Any) -> HttpResponse:
    """Change something of the account."""
    user = await request.auser()
    user.first_name = "Changed"
    await user.asave()
    return HttpResponse("changed")


async def aleave(request: Any) -> HttpResponse:
    """Log out."""
    await alogout(request)
    return HttpResponse("left")


async def arenew(request: Any) -> HttpResponse:
    """Renew the session's key in the two ways that Django does."""
    user = await request.auser()
    await alogin(request, user, backend=BACKEND)
    await aupdate_session_auth_hash(request, user)
    return HttpResponse("renewed")


@as_operator
async def aoffice(request: Any) -> HttpResponse:
    """Stay the operator."""
    return HttpResponse((await request.auser()).get_username())


urlpatterns = [
    *pages.urlpatterns,
    path("awho/", awho),
    path("anote/", anote),
    path("apost/", apost),
    path("achange/", achange),
    path("aleave/", aleave),
    path("arenew/", arenew),
    path("aoffice/", aoffice),
]


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Let the desk have these pages, too."""
    desk.settings.ROOT_URLCONF = __name__
    return desk


def browser(desk: Desk) -> Any:
    """Return an asynchronous browser with the cookies of the desk's."""
    made: Any = AsyncClient()
    made.cookies = desk.client.cookies
    return made


def get(client: Any, url: str) -> Any:
    return async_to_sync(client.get)(url)


def test_async__same_person_by_every_way(desk: Desk):
    """By `request.user`, `request.auser()`, in a thread, in both kinds of servers."""
    grant = desk.start()
    expected = {
        "user": ["alice", "alice"],
        "operator": "sam",
        "grants": [str(grant.pk)] * 2,
        "basket": None,
    }
    assert get(browser(desk), "/awho/").json() == expected
    assert desk.client.get("/awho/").json() == expected
    assert get(browser(desk), "/who/").json()["user"] == "alice"
    assert get(browser(desk), "/aoffice/").content == b"sam"
    desk.stop()
    after = get(browser(desk), "/awho/").json()
    assert after["user"] == ["sam", "sam"]
    assert after["grants"] == [None, None]


def test_async__session(desk: Desk):
    """What a coroutine stores is the target's, and is there for the next one."""
    desk.start()
    client = browser(desk)
    get(client, "/anote/?basket=full")
    assert get(client, "/awho/").json()["basket"] == "full"
    get(client, "/anote/?basket=fuller")
    assert desk.seen() == {"basket": "fuller"}
    desk.stop()
    assert get(client, "/awho/").json()["basket"] is None


def test_async__read_only(desk: Desk):
    desk.start()
    client = browser(desk)
    refused = async_to_sync(client.post)(
        "/achange/", headers={"Accept": "application/json"}
    )
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "read_only_grant"
    assert not get_user_model().objects.filter(first_name="Changed").exists()
    assert async_to_sync(client.post)("/apost/").content == b"alice"


def test_async__logout(desk: Desk):
    """A coroutine that logs out ends the grant, and the operator is logged out."""
    desk.start(mode="read-write")
    assert async_to_sync(browser(desk).post)("/aleave/").status_code == 200
    assert desk.cause() == Cause.LOGOUT
    assert desk.who() == ""


def test_async__session_key_renewed_by_a_page(desk: Desk):
    """A login of the same person, and a new password, end nothing by themselves."""
    desk.start(mode="read-write")
    desk.client.get("/note/?basket=full")
    assert async_to_sync(browser(desk).post)("/arenew/").status_code == 200
    assert desk.cause() == ""
    assert (desk.who(), desk.seen()) == ("alice", {"basket": "full"})


def test_async__grant_over(desk: Desk):
    """The coroutine does not run; the next request is the operator's."""
    desk.start(mode="read-write")
    desk.operator.user_permissions.clear()
    client = browser(desk)
    assert async_to_sync(client.post)("/achange/").status_code == 403
    assert desk.cause() == Cause.OPERATOR_REFUSED
    assert not get_user_model().objects.filter(first_name="Changed").exists()
    assert get(client, "/awho/").json()["user"] == ["sam", "sam"]


def test_async__two_operators_in_one_loop(desk: Desk):
    """Requests that run at the same time never see each other's person or grant."""
    tina = allow(person("tina", is_staff=True), "impersonate")
    other, customer = Client(), person("bert")
    other.force_login(tina)
    grants = [desk.start(), desk.start(customer, client=other)]
    hers: Any = AsyncClient()
    hers.cookies = other.cookies

    async def all_at_once() -> list[Any]:
        both = [browser(desk), hers]
        return await asyncio.gather(*[c.get("/awho/") for _ in range(10) for c in both])

    answers = [answer.json() for answer in async_to_sync(all_at_once)()]
    for number, answer in enumerate(answers):
        mine = grants[number % 2]
        assert answer["user"] == [mine.target_name] * 2
        assert answer["operator"] == mine.operator_name
        assert answer["grants"] == [str(mine.pk)] * 2
    started, finished = (
        desk.events(kind) for kind in (Type.REQUEST_STARTED, Type.REQUEST_FINISHED)
    )
    assert len(started) == len(finished) == 20
    assert {(e.operator_name, e.target_name) for e in started + finished} == {
        ("sam", "alice"),
        ("tina", "bert"),
    }


def test_async__anonymous_page(desk: Desk, django_assert_num_queries: Any):
    """It costs nothing, and may be kept; neither does a session without a grant."""
    with django_assert_num_queries(0):
        page = get(AsyncClient(), "/aoffice/")
    assert "Cache-Control" not in page.headers
    with django_assert_num_queries(2):
        assert get(browser(desk), "/aoffice/").content == b"sam"
