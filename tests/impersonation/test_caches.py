"""Row D29: a page under a grant is in no cache, and no cache answers for it."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse, JsonResponse
from django.test import Client
from django.urls import path
from django.views.decorators.cache import cache_page
from django.views.decorators.vary import vary_on_cookie

from tests.impersonation import desk as pages
from tests.impersonation.desk import MIDDLEWARE

if TYPE_CHECKING:
    from tests.impersonation.desk import Desk

pytestmark = pytest.mark.django_db
FOR_ONE_CACHE = ["CDN-Cache-Control", "Surrogate-Control", "X-Accel-Expires"]
_numbers = count()


def numbered(request: Any) -> HttpResponse:
    """Answer otherwise each time, and look at nobody."""
    return HttpResponse(f"{next(_numbers)}")


@vary_on_cookie
def greeting(request: Any) -> HttpResponse:
    """Greet whoever it is."""
    return HttpResponse(f"Hello {request.user} {next(_numbers)}")


def careless(request: Any) -> JsonResponse:
    """Say that anybody may keep what is one person's."""
    response = JsonResponse([str(request.user)], safe=False)
    response.headers["Cache-Control"] = "public, max-age=3600, s-maxage=3600"
    for name in FOR_ONE_CACHE:
        response.headers[name] = "max-age=3600"
    return response


urlpatterns = [
    *pages.urlpatterns,
    path("kept/", cache_page(60)(numbered)),
    path("kept-greeting/", cache_page(60)(greeting)),
    path("greeting/", greeting),
    path("numbered/", numbered),
    path("careless/", careless),
]


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Let the desk have these pages, too."""
    desk.settings.ROOT_URLCONF = __name__
    cache.clear()
    return desk


@pytest.fixture(params=["outside", "inside"])
def with_site_cache(request: pytest.FixtureRequest, desk: Desk) -> Desk:
    """Give a desk whose whole site is cached, looked up before us or after."""
    update = "django.middleware.cache.UpdateCacheMiddleware"
    fetch = "django.middleware.cache.FetchFromCacheMiddleware"
    ours = MIDDLEWARE[-1]
    last = [fetch, ours] if request.param == "outside" else [ours, fetch]
    desk.settings.MIDDLEWARE = [update, *MIDDLEWARE[:-1], *last]
    return desk


def texts(client: Client, url: str, times: int = 2) -> list[str]:
    return [client.get(url).content.decode() for _ in range(times)]


@pytest.mark.parametrize("url", ["/kept/", "/kept-greeting/"])
def test_d29__page_that_is_cached_by_its_view(desk: Desk, url: str):
    """Under a grant it is made anew each time, and what was made is nobody else's."""
    desk.start()
    under_grant = texts(desk.client, url)
    assert len(set(under_grant)) == 2
    desk.stop()
    for client in (desk.client, Client()):
        first, second = texts(client, url)
        assert first == second
        assert first not in under_grant


def test_d29__site_that_is_cached(with_site_cache: Desk):
    """Nothing of a grant is kept, whoever asks next, and with whichever cookie."""
    desk = with_site_cache
    desk.start()
    for url in ("/numbered/", "/greeting/"):
        assert len(set(texts(desk.client, url))) == 2
    thief = pages.thief_of(desk.client)
    desk.stop()
    for client in (thief, desk.client):
        assert "alice" not in "".join(texts(client, "/greeting/"))
    first, second = texts(Client(), "/numbered/")
    assert first == second


def test_d29__page_kept_of_the_operator(with_site_cache: Desk):
    """It is not what the target's page shows, nor the other way round."""
    desk = with_site_cache
    assert "sam" in texts(desk.client, "/greeting/")[1]
    desk.start()
    assert "alice" in texts(desk.client, "/greeting/")[1]
    desk.stop()
    assert "sam" in texts(desk.client, "/greeting/")[1]


@pytest.mark.parametrize("url", ["/careless/", "/numbered/", "/greeting/", "/nowhere/"])
def test_d29__headers(desk: Desk, url: str):
    """No cache on the way may keep it, whatever the view says of it, or its status."""
    desk.start()
    page = desk.client.get(url)
    assert page.headers["Cache-Control"] == "no-store, private, max-age=0"
    assert page.headers["Vary"] == "Cookie"
    assert not set(FOR_ONE_CACHE) & set(page.headers)
    refused = desk.client.post(url)
    assert refused.headers["Cache-Control"] == "no-store, private, max-age=0"
    assert refused.headers["Vary"] == "Cookie"


def test_d29__not_modified(desk: Desk):
    """A validator of the operator's page proves nothing for the target's."""
    conditional = "django.middleware.http.ConditionalGetMiddleware"
    desk.settings.MIDDLEWARE = [conditional, *MIDDLEWARE]
    tag = desk.client.get("/who/").headers["ETag"]
    desk.start()
    page = desk.client.get("/who/", headers={"If-None-Match": tag})
    assert page.status_code == 200
    assert page.json()["user"] == "alice"
