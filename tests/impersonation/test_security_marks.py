"""Marks reach what they were put on, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.http import HttpResponse
from django.urls import include, path
from django.views import View
from rest_framework.response import Response
from rest_framework.views import APIView

from kc_exchange.impersonation import (
    as_operator,
    forbid_while_impersonating,
    only_reads,
)
from tests.impersonation import desk as pages
from tests.impersonation.desk import who

if TYPE_CHECKING:
    from django.http import HttpRequest

    from tests.impersonation.desk import Desk

pytestmark = pytest.mark.django_db


class Pay(View):
    """The decorator is on a method, without `method_decorator`."""

    @forbid_while_impersonating
    def get(self, request: HttpRequest) -> HttpResponse:
        """Pay."""
        del request
        return HttpResponse("paid")


class PayApi(APIView):
    """As `Pay`; the request is REST framework's."""

    @forbid_while_impersonating
    def get(self, request: Any) -> Response:
        """Pay."""
        del request
        return Response("paid")


@only_reads
class Search(View):
    """Search."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Search by a long form."""
        del request
        return HttpResponse("found")


class Edit(Search):
    """Inherit, and change something."""


def page(request: HttpRequest) -> HttpResponse:
    """Be reached by two routes."""
    del request
    return HttpResponse("page")


urlpatterns = [
    *pages.urlpatterns,
    path("pay/", Pay.as_view()),
    path("pay-api/", PayApi.as_view()),
    path("find/", Search.as_view()),
    path("edit/", Edit.as_view()),
    path("reads/", only_reads(page)),
    path("writes/", page),
    path("own/", as_operator(who)),
    path("devices/", include(([path("", page, name="logout")], "devices"))),
]


@pytest.fixture
def marked(desk: Desk, settings: Any) -> Desk:
    settings.ROOT_URLCONF = __name__
    desk.start()
    return desk


@pytest.mark.parametrize("url", ["/pay/", "/pay-api/"])
def test_forbidden_method__without_method_decorator(marked: Desk, url: str):
    assert marked.client.get(url).status_code == 403
    marked.stop()
    assert marked.client.get(url).status_code == 200


def test_forbidden__without_a_request():
    """It cannot tell who asks, so it lets nobody in."""
    with pytest.raises(TypeError, match="no request"):
        forbid_while_impersonating(lambda *_args: None)("a", "b")


def test_only_reads__is_not_inherited(marked: Desk):
    assert marked.client.post("/find/").content == b"found"
    assert marked.client.post("/edit/").status_code == 403


def test_only_reads__of_one_route(marked: Desk):
    assert marked.client.post("/reads/").content == b"page"
    assert marked.client.post("/writes/").status_code == 403


def test_as_operator__of_one_route(marked: Desk):
    assert marked.client.get("/own/").json()["user"] == "sam"
    assert marked.who() == "alice"


def test_logout_of_something_else(marked: Desk):
    """Under a read-only grant a POST to `devices:logout` is no logout of the person."""
    assert marked.client.post("/devices/").status_code == 403
