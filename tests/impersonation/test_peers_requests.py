"""Requests with and without a grant: what hijack and authentik test of middleware."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user, get_user_model, login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import Client
from django.urls import path
from django.utils.functional import SimpleLazyObject

from tests.impersonation import desk as pages
from tests.impersonation.desk import MIDDLEWARE, Cause, Type

if TYPE_CHECKING:
    from tests.impersonation.desk import Desk

pytestmark = pytest.mark.django_db


def public(request: HttpRequest) -> HttpResponse:
    """Look at nobody."""
    return HttpResponse("the same for all")


def renewed(request: Any) -> JsonResponse:
    """Drop what is remembered of the user, as django-allauth does, and ask again."""
    del request._cached_user
    request.user = SimpleLazyObject(lambda: get_user(request))
    asked_again = get_user(request).get_username()
    return JsonResponse([request.user.get_username(), asked_again], safe=False)


def another_login(request: HttpRequest) -> HttpResponse:
    """Log in as whoever the query names."""
    user = get_user_model().objects.get(username=request.GET["as"])
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return HttpResponse(request.user.get_username())


urlpatterns = [
    *pages.urlpatterns,
    path("public/", public),
    path("renewed/", renewed),
    path("login/", another_login),
]


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Let the desk have these pages, too."""
    desk.settings.ROOT_URLCONF = __name__
    return desk


@pytest.mark.usefixtures("desk")
def test_hijack__anonymous_page(django_assert_num_queries: Any):
    """No cookie is asked about, none is set, the database is not asked."""
    with django_assert_num_queries(0):
        page = Client().get("/public/")
    assert "Vary" not in page.headers
    assert "Cache-Control" not in page.headers
    assert not page.cookies


def test_hijack__session_without_a_grant(desk: Desk, django_assert_num_queries: Any):
    """The session's own load is all it costs, and the page does not vary by it."""
    with django_assert_num_queries(1):
        page = desk.client.get("/public/")
    assert "Vary" not in page.headers
    with django_assert_num_queries(2):
        assert desk.who() == "sam"


def test_hijack__page_under_a_grant(desk: Desk):
    """It varies on the cookie and is kept nowhere, though the view looked at nobody."""
    desk.start()
    page = desk.client.get("/public/")
    assert page.headers["Vary"] == "Cookie"
    assert page.headers["Cache-Control"] == "no-store, private, max-age=0"
    office = desk.client.get("/office/")
    assert office.headers["Cache-Control"] == "no-store, private, max-age=0"


def test_hijack__user_renewed(desk: Desk):
    """Whoever asks Django anew who the user is, hears of the target."""
    desk.start()
    assert desk.client.get("/renewed/").json() == ["alice", "alice"]


def test_hijack__remote_user(desk: Desk):
    """The web server's word stands for the operator; the overlay comes after it."""
    remote = "django.contrib.auth.middleware.RemoteUserMiddleware"
    backend = "django.contrib.auth.backends.RemoteUserBackend"
    desk.settings.AUTHENTICATION_BACKENDS = [backend]
    desk.settings.MIDDLEWARE = [*MIDDLEWARE[:4], remote, *MIDDLEWARE[4:]]
    desk.client = Client(REMOTE_USER="sam")
    assert desk.who() == "sam"
    desk.start()
    assert [desk.who(), desk.who()] == ["alice", "alice"]
    desk.stop()
    assert desk.who() == "sam"
    desk.start()
    desk.client.defaults["REMOTE_USER"] = "bert"
    assert desk.who() == "bert"
    assert desk.events(Type.REQUEST_STARTED)[-1].operator_name == "sam"


@pytest.mark.parametrize(
    "header", ["X-Impersonate", "X-Hijack", "Impersonate-User", "X-Forwarded-User"]
)
def test_drf__header(desk: Desk, header: str):
    """No header makes anybody somebody else; a grant is the only way."""
    page = desk.client.get("/who/", headers={header: "alice"})
    assert (page.json()["user"], page.json()["operator"]) == ("sam", None)


def test_loginas__login_as_the_target(desk: Desk):
    """A page that logs the same person in again changes nothing of the grant."""
    desk.start(mode="read-write")
    assert desk.client.post("/login/?as=alice").content == b"alice"
    assert desk.client.get("/who/").json()["operator"] == "sam"


def test_loginas__login_as_somebody_else(desk: Desk):
    """A page that logs somebody else in ends the grant, and logs nobody in."""
    pages.person("bert")
    desk.start(mode="read-write")
    assert desk.client.post("/login/?as=bert").content == b"bert"
    assert desk.cause() == Cause.LOGOUT
    assert desk.who() == ""


def test_authentik__grants_open_and_ended(desk: Desk):
    """Each pass leaves its record: asked for, begun, used, ended."""
    grant = desk.start()
    desk.who()
    desk.stop()
    assert [(e.type, e.outcome, e.code) for e in desk.events()] == [
        (Type.START_REQUESTED, "success", ""),
        (Type.START_GRANTED, "success", ""),
        (Type.REQUEST_STARTED, "success", ""),
        (Type.REQUEST_FINISHED, "success", ""),
        (Type.GRANT_ENDED, "success", "stopped"),
    ]
    people = {(e.operator_id, e.target_id, e.grant_id) for e in desk.events()}
    assert people == {(str(desk.operator.pk), str(desk.target.pk), grant.pk)}
