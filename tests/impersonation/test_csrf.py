"""CSRF tokens of a grant: in a cookie and in the session, renewed and shared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.test import Client
from django.urls import path

from tests.impersonation import desk as pages
from tests.impersonation.desk import REASON, desk_of, prepare

if TYPE_CHECKING:
    from tests.impersonation.desk import Desk

pytestmark = pytest.mark.django_db


def form(request: HttpRequest) -> HttpResponse:
    """Answer with a token, as a page with a form does."""
    return HttpResponse(get_token(request))


urlpatterns = [*pages.urlpatterns, path("form/", form)]


@pytest.fixture(params=[False, True], ids=["cookie", "session"])
def desk(request: pytest.FixtureRequest, settings: Any) -> Desk:
    """Give a desk whose browser is asked for the token at each POST."""
    prepare(settings)
    settings.CSRF_USE_SESSIONS = request.param
    settings.ROOT_URLCONF = __name__
    made = desk_of(settings)
    made.client = Client(enforce_csrf_checks=True)
    made.client.force_login(made.operator)
    return made


def post(desk: Desk, url: str, token: str, body: Any = None) -> int:
    answer = desk.client.post(
        url, body, content_type="application/json", headers={"X-CSRFToken": token}
    )
    return int(answer.status_code)


def token_of(desk: Desk) -> str:
    return str(desk.client.get("/form/").content.decode())


def start(desk: Desk, token: str) -> int:
    stated = {"target": desk.target.pk, "reason": REASON, "mode": "read-write"}
    return post(desk, "/start/", token, stated)


def test_csrf_token__renewed_at_start_and_end(desk: Desk):
    """A token of before is of no use afterwards, in both directions."""
    first = token_of(desk)
    assert start(desk, "") == 403
    assert start(desk, first) == 200
    assert post(desk, "/change/", first) == 403
    second = token_of(desk)
    assert post(desk, "/change/", second) == 200
    assert post(desk, "/stop/", second) == 200
    assert desk.who() == "sam"
    assert post(desk, "/note/", second) == 403
    assert post(desk, "/note/", token_of(desk)) == 200


def test_csrf_token__the_same_for_operator_and_target(desk: Desk):
    """The banner's form on a page of the target's is answered by a page of the other.

    And a form of the operator's is good beside it.
    """
    start(desk, token_of(desk))
    of_target = token_of(desk)
    assert desk.who() == "alice"
    assert post(desk, "/note/", of_target) == 200
    assert post(desk, "/office/", of_target) == 200
    assert post(desk, "/note/", of_target) == 200
    assert post(desk, "/stop/", of_target) == 200
    assert desk.who() == "sam"


def test_csrf_token__of_another_person(desk: Desk):
    """Somebody else's token, and none at all, are refused under a grant as before."""
    start(desk, token_of(desk))
    other = Client()
    other.force_login(desk.target)
    hers = other.get("/form/").content.decode()
    assert [post(desk, "/change/", token) for token in ("", hers)] == [403, 403]
    desk.target.refresh_from_db()
    assert desk.target.first_name == ""


def test_csrf_token__renewed_when_a_grant_is_found_over(desk: Desk):
    start(desk, token_of(desk))
    before = token_of(desk)
    pages.Grant.objects.update(expires_at=pages.Grant.objects.get().started_at)
    assert desk.who() == ""
    assert post(desk, "/note/", before) == 403
    assert post(desk, "/note/", token_of(desk)) == 200
