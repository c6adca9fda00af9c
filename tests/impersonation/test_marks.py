"""What views say of themselves, and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import logout
from django.http import HttpResponse
from django.urls import path

from kc_exchange.impersonation import forbid_while_impersonating, only_reads
from kc_exchange.models import AuditEvent, ImpersonationGrant
from tests.impersonation import desk as pages

if TYPE_CHECKING:
    from django.http import HttpRequest

    from tests.impersonation.desk import Desk

pytestmark = pytest.mark.django_db
Type = AuditEvent.Type


def leave(request: HttpRequest) -> HttpResponse:
    """Log out, as login pages of all packages do by POST."""
    logout(request)
    return HttpResponse("left")


@forbid_while_impersonating
def pay(request: HttpRequest) -> HttpResponse:
    """Pay."""
    return HttpResponse("paid")


@forbid_while_impersonating
async def apay(request: HttpRequest) -> HttpResponse:
    """Pay, in an event loop."""
    return HttpResponse("paid")


@only_reads
def search(request: HttpRequest) -> HttpResponse:
    """Search by a form that is too long for a URL."""
    return HttpResponse("found")


urlpatterns = [
    *pages.urlpatterns,
    path("logout/", leave, name="logout"),
    path("pay/", pay, name="pay"),
    path("apay/", apay, name="apay"),
    path("search/", search),
]


@pytest.fixture
def marked(desk: Desk, settings: Any) -> Desk:
    settings.ROOT_URLCONF = __name__
    return desk


def test_logout__under_a_read_only_grant(marked: Desk):
    """A logout by POST is no change of the target's: it ends the grant."""
    marked.start()
    assert marked.client.post("/logout/").status_code == 200
    assert marked.cause() == ImpersonationGrant.Cause.LOGOUT
    assert marked.who() == ""


@pytest.mark.parametrize("url", ["/pay/", "/apay/"])
def test_forbidden_view__is_recorded_as_refused(marked: Desk, url: str):
    grant = marked.start(mode="read-write")
    assert marked.client.post(url).status_code == 403
    refused = marked.events(Type.REQUEST_REFUSED, grant=grant)
    assert [(e.outcome, e.code) for e in refused] == [
        ("failure", "forbidden_while_impersonating")
    ]
    (finished,) = marked.events(Type.REQUEST_FINISHED, grant=grant)
    assert finished.outcome == "failure"


def test_forbidden_view__for_nobody_else(marked: Desk):
    assert marked.client.post("/pay/").content == b"paid"
    assert not marked.events(Type.REQUEST_REFUSED)


def test_only_reads__by_post(marked: Desk):
    marked.start()
    assert marked.client.post("/search/").content == b"found"
    assert marked.client.post("/change/").status_code == 403
