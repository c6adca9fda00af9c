"""What a grant does not let through: what PostHog and impersonate test of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.utils.decorators import method_decorator
from django.views import View

from kc_exchange.impersonation import (
    as_operator,
    forbid_while_impersonating,
    only_reads,
)
from tests.impersonation import desk as pages
from tests.impersonation.desk import MIDDLEWARE, Type

if TYPE_CHECKING:
    from tests.impersonation.desk import Desk

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}
METHODS = ["POST", "PUT", "PATCH", "DELETE", "CONNECT", "PROPFIND", "post"]


def page(request: HttpRequest, pk: int = 0) -> HttpResponse:
    """Answer to any method."""
    return HttpResponse(request.method)


@forbid_while_impersonating
def password(request: HttpRequest) -> HttpResponse:
    """Be what only the person themself may do."""
    return HttpResponse("changed")


@forbid_while_impersonating
async def apassword(request: HttpRequest) -> HttpResponse:
    """Be the same in a coroutine."""
    return HttpResponse("changed")


@method_decorator(forbid_while_impersonating, name="dispatch")
class Password(View):
    def get(self, *_: object) -> HttpResponse:
        """Be the same in a class."""
        return HttpResponse("changed")


class Profile(View):
    def get(self, *_: object) -> HttpResponse:
        """Show."""
        return HttpResponse("shown")

    @method_decorator(forbid_while_impersonating)
    def post(self, *_: object) -> HttpResponse:
        """Change what only the person themself may change."""
        return HttpResponse("changed")


@only_reads
def search(request: HttpRequest) -> HttpResponse:
    """Read, by POST."""
    return HttpResponse(request.user.get_username())


@only_reads
class Search(View):
    def post(self, request: HttpRequest) -> HttpResponse:
        """Read, by POST."""
        return HttpResponse(request.user.get_username())


@as_operator
@forbid_while_impersonating
def own_password(request: HttpRequest) -> HttpResponse:
    """Be the operator's own."""
    return HttpResponse(request.user.get_username())


account = (
    [
        path("email/", page, name="email"),
        path("keys/<int:pk>/", page, name="key"),
        path("orders/", page, name="orders"),
    ],
    "account",
)
urlpatterns = [
    *pages.urlpatterns,
    path("page/", page),
    path("password/", password),
    path("apassword/", apassword),
    path("class-password/", Password.as_view()),
    path("profile/", Profile.as_view()),
    path("search/", search),
    path("class-search/", Search.as_view()),
    path("own-password/", own_password),
    path("account/", include(account)),
]


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Let the desk have these pages, too."""
    desk.settings.ROOT_URLCONF = __name__
    return desk


@pytest.mark.parametrize("method", METHODS)
def test_posthog__read_only_blocks_unsafe_methods(desk: Desk, method: str):
    """Every method that RFC 9110 does not call safe, to the letter."""
    desk.start()
    refused = desk.client.generic(method, "/page/")
    assert refused.status_code == 403
    assert b"for reading only" in refused.content
    assert desk.events()[-1].type == Type.REQUEST_REFUSED
    assert desk.events()[-1].code == "read_only_grant"
    assert desk.who() == "alice"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE"])
def test_posthog__read_only_allows_safe_methods(desk: Desk, method: str):
    desk.start()
    assert desk.client.generic(method, "/page/").status_code == 200


def test_drf__read_only_by_a_program(desk: Desk):
    """A stable code in JSON, with the cause and the fix."""
    desk.start()
    refused = desk.client.post("/page/", headers=JSON)
    assert refused.status_code == 403
    error = refused.json()["error"]
    assert error["code"] == "read_only_grant"
    assert error["cause"]
    assert error["fix"]
    by_script = desk.client.post("/page/", headers={"Sec-Fetch-Dest": "empty"})
    assert by_script.json()["error"]["code"] == "read_only_grant"


@pytest.mark.parametrize("url", ["/search/", "/class-search/"])
def test_posthog__marked_post_under_read_only(desk: Desk, url: str):
    """It runs, and as the target."""
    desk.start()
    assert desk.client.post(url).content == b"alice"


def test_posthog__read_write_writes(desk: Desk):
    """And it is the target's account that is changed."""
    desk.start(mode="read-write")
    assert desk.client.post("/change/").status_code == 200
    changed = get_user_model().objects.get(first_name="Changed")
    assert changed.get_username() == "alice"


@pytest.mark.parametrize("url", ["/password/", "/apassword/", "/class-password/"])
@pytest.mark.parametrize("mode", ["read-only", "read-write"])
def test_posthog__forbidden_view(desk: Desk, url: str, mode: str):
    """Refused whatever the grant, with a page and with a code; free without one."""
    assert desk.client.get(url).content == b"changed"
    desk.start(mode=mode)
    refused = desk.client.get(url)
    assert refused.status_code == 403
    assert b"while you act as somebody else" in refused.content
    error = desk.client.get(url, headers=JSON).json()["error"]
    assert error["code"] == "forbidden_while_impersonating"
    desk.stop()
    assert desk.client.get(url).content == b"changed"


def test_posthog__forbidden_view_without_the_tokens_middleware(desk: Desk):
    """A project without downstreams has the same page."""
    desk.settings.MIDDLEWARE = [m for m in MIDDLEWARE if "UserToken" not in m]
    desk.start()
    assert desk.client.get("/password/").status_code == 403
    assert desk.client.get("/apassword/").status_code == 403


def test_posthog__forbidden_by_method(desk: Desk):
    desk.start(mode="read-write")
    assert desk.client.get("/profile/").content == b"shown"
    assert desk.client.post("/profile/").status_code == 403


@pytest.mark.parametrize(
    ("patterns", "forbidden"),
    [
        (["account:email"], ["/account/email/"]),
        (["account:*"], ["/account/email/", "/account/keys/7/", "/account/orders/"]),
        (["*:key", "change"], ["/account/keys/7/", "/change/"]),
        (["email", "Account:email", "account"], []),
    ],
)
def test_impersonate__restricted_uri(
    desk: Desk, patterns: list[str], forbidden: list[str]
):
    """FORBIDDEN_URL_NAMES: full names, `*` for any; safe methods as well."""
    desk.configure(FORBIDDEN_URL_NAMES=patterns)
    everywhere = ["/account/email/", "/account/keys/7/", "/account/orders/", "/change/"]
    desk.start(mode="read-write")
    refused = [url for url in everywhere if desk.client.get(url).status_code == 403]
    assert refused == forbidden
    codes = [e.code for e in desk.events(Type.REQUEST_REFUSED)]
    assert codes == ["forbidden_while_impersonating"] * len(forbidden)
    desk.stop()
    assert desk.client.get("/account/email/").status_code == 200


def test_posthog__operator_in_own_pages(desk: Desk):
    """Neither read-only nor a forbidden page concerns the operator's own account."""
    desk.start()
    assert desk.client.post("/office/").json()["user"] == "sam"
    assert desk.client.post("/own-password/").content == b"sam"
    assert desk.who() == "alice"


def test_posthog__upgrade_to_write(desk: Desk):
    """There is none: a grant to write is another grant, with a reason of its own."""
    grant = desk.start()
    assert desk.attempt(mode="read-write").status_code == 403
    assert desk.client.post("/change/").status_code == 403
    desk.stop()
    again = desk.start(mode="read-write", reason="Ticket 4711: correct her address")
    assert again.pk != grant.pk
    assert desk.client.post("/change/").status_code == 200


def test_posthog__staff_demoted_before_the_second_start(desk: Desk):
    """Who lost the right to write in the meantime, may look at the most."""
    write = Permission.objects.get(codename="impersonate_read_write")
    desk.start()
    desk.operator.user_permissions.remove(write)
    assert desk.who() == "alice"
    desk.stop()
    assert desk.attempt(mode="read-write").status_code == 403
    assert desk.events()[-1].code == "no_write_permission"
