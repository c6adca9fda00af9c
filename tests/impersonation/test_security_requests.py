"""Ways round a grant that other code of a project opens: each is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from tests.impersonation import desk as pages
from tests.impersonation.desk import MIDDLEWARE, Cause, Grant, Type, person

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    from tests.impersonation.desk import Desk

pytestmark = pytest.mark.django_db


def breaks(request: HttpRequest) -> HttpResponse:
    """Put into the session what no session can keep."""
    request.session["x"] = object()
    return HttpResponse("done")


urlpatterns = [*pages.urlpatterns, path("breaks/", breaks, name="breaks")]


def other_urls(get_response: Any) -> Callable[[Any], HttpResponse]:
    """Change method, view or user of a request, too late."""

    def middleware(request: Any) -> HttpResponse:
        request.method = request.GET.get("method", request.method)
        request.path_info = request.GET.get("path", request.path_info)
        if "self" in request.GET:
            request.user = request.operator
        found: HttpResponse = get_response(request)
        return found

    return middleware


def session_by_header(get_response: Any) -> Callable[[Any], HttpResponse]:
    """Take the session from a header, as apps on telephones have it."""

    def middleware(request: Any) -> HttpResponse:
        request.session = SessionStore(request.headers.get("X-Session-Token"))
        found: HttpResponse = get_response(request)
        return found

    return middleware


def unsure(**_people: Any) -> bool:
    raise ValueError("no row for this team")


def unwilling(**_people: Any) -> bool:
    raise PermissionDenied


@pytest.mark.parametrize("rule", [unsure, unwilling])
def test_rule_fails__at_the_start(desk: Desk, rule: Any, caplog: Any):
    """Nobody is allowed, the attempt is in the record, and the log has the error."""
    desk.configure(MAY_IMPERSONATE=f"{__name__}.{rule.__name__}")
    assert desk.attempt().status_code == 403
    assert [e.code for e in desk.events()] == ["rule_failed"]
    assert "kc_exchange.may_impersonate_failed" in caplog.text
    assert "Traceback" in caplog.text


def test_rule_fails__under_a_grant(desk: Desk):
    """The grant ends; the operator is not shut out of their own pages."""
    desk.start()
    desk.configure(MAY_IMPERSONATE=f"{__name__}.unsure")
    assert desk.who() == ""
    assert desk.cause() == Cause.OPERATOR_REFUSED
    assert desk.who() == "sam"


@pytest.mark.parametrize(
    ("asked", "mode"),
    [
        ("/change/?method=POST", "read-only"),
        ("/who/?path=/change/", "read-write"),
        ("/office/?path=/change/", "read-only"),
        ("/nowhere/?path=/who/", "read-only"),
        ("/change/?self", "read-write"),
    ],
)
def test_middleware_after_ours__changes_the_request(desk: Desk, asked: str, mode: str):
    """What was recorded and let in is what runs, or nothing runs."""
    desk.settings.MIDDLEWARE = [*MIDDLEWARE, f"{__name__}.other_urls"]
    desk.start(mode=mode)
    desk.client.raise_request_exception = False
    assert desk.client.get(asked).status_code == 500
    desk.operator.refresh_from_db()
    desk.target.refresh_from_db()
    assert (desk.operator.first_name, desk.target.first_name) == ("", "")


def test_session_not_from_a_cookie(desk: Desk):
    """The grant is the session's, however its key came."""
    desk.start()
    key = str(desk.client.session.session_key)
    desk.settings.MIDDLEWARE = [f"{__name__}.session_by_header", *MIDDLEWARE[1:]]
    program = Client(headers={"X-Session-Token": key})
    assert program.get("/who/").json()["user"] == "alice"
    assert program.post("/change/").status_code == 403


def test_start__with_a_bearer_token(desk: Desk):
    """Keycloak would exchange the header's token, and not the operator's own."""
    desk.client.defaults["HTTP_AUTHORIZATION"] = "Bearer somebody.elses.token"
    assert desk.attempt().status_code == 400
    assert [e.type for e in desk.events()] == [Type.START_DENIED]
    assert not Grant.objects.exists()


def test_session_that_cannot_be_stored(desk: Desk, settings: Any):
    """The view has run: its outcome is recorded, and the sessions stay apart."""
    settings.ROOT_URLCONF = __name__
    desk.start(mode="read-write")
    desk.client.raise_request_exception = False
    assert desk.client.post("/breaks/").status_code == 500
    (finished,) = desk.events(Type.REQUEST_FINISHED)
    assert finished.outcome == "failure"
    assert desk.who() == "alice"


def test_username_of_two_lines(desk: Desk, caplog: Any):
    """A target's name does not write lines of its own into the log."""
    eve = person("eve\nERROR forged")
    desk.start(eve)
    eve.is_active = False
    eve.save()
    assert desk.who() == ""
    told = [record.getMessage() for record in caplog.records]
    assert any("eve" in line for line in told)
    assert not [line for line in told if "\n" in line]
