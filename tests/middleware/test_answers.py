"""What a person or a program is told when a view lets an error through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User
from django.urls import path

from kc_exchange import exceptions
from kc_exchange.exceptions import ExchangeError, ExchangeUnavailable, StepUpRequired

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.test import Client


HTML = {"Accept": "text/html,*/*;q=0.8"}
SCRIPT = {"Accept": "*/*", "Sec-Fetch-Dest": "empty"}
BEARER = {"Authorization": "Bearer some.access.token"}
KINDS = {
    name: kind
    for name, kind in vars(exceptions).items()
    if isinstance(kind, type) and issubclass(kind, ExchangeError)
}


def fail(request: HttpRequest, name: str) -> HttpResponse:
    error = KINDS[name](description="<b>said</b>", audience="orders-api")
    if isinstance(error, ExchangeUnavailable) and "after" in request.GET:
        error.retry_after = float(request.GET["after"])
    if isinstance(error, StepUpRequired):
        error.acr_values, error.max_age = "gold", request.GET.get("age", "")
    raise error


async def fail_async(request: HttpRequest, name: str) -> HttpResponse:
    raise KINDS[name]


urlpatterns = [
    path("fail/<name>/", fail),
    path("fail-async/<name>/", fail_async),
]
pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]


@pytest.mark.parametrize("name", sorted(KINDS))
@pytest.mark.parametrize("headers", [HTML, SCRIPT, BEARER], ids=["page", "js", "api"])
def test_answer__has_the_errors_status(
    client: Client, name: str, headers: dict[str, str]
) -> None:
    """Each error of the tree is answered, as a page or as JSON, and not stored."""
    client.force_login(User.objects.create_user("alice"))

    response = client.get(f"/fail/{name}/", headers=headers)

    if response.status_code == 302:
        assert headers is HTML
        assert issubclass(KINDS[name], exceptions.SubjectTokenRejected)
        return
    assert response.status_code == KINDS[name].http_status
    assert response["Cache-Control"] == "no-store"
    wanted = "text/html" if headers is HTML else "application/json"
    assert response["Content-Type"].startswith(wanted)
    assert response.has_header("WWW-Authenticate") == (response.status_code == 401)
    assert "<b>" not in response.content.decode() or headers is not HTML


async def test_answer__of_an_async_view(async_client: Any) -> None:
    """The same under ASGI."""
    response = await async_client.get("/fail-async/ExchangeDenied/", headers=SCRIPT)

    assert response.status_code == 403
    assert response.json()["error"]["code"] == "exchange_denied"


@pytest.mark.parametrize("name", ["SubjectTokenRejected", "SubjectTokenExpired"])
def test_bearer__is_told_by_a_challenge(client: Client, name: str) -> None:
    """RFC 6750 section 3: a program learns that its token is not accepted."""
    response = client.get(f"/fail/{name}/", headers=BEARER)

    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith('Bearer error="invalid_token"')


def test_nobody__is_told_how_to_authenticate(client: Client) -> None:
    """Without credentials the challenge has no error code (RFC 6750 section 3.1)."""
    response = client.get("/fail/NoSubjectToken/", headers=SCRIPT)

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("age", ['x", evil="1', "60\\", "6\r\n 0", "\x00", ""])
def test_step_up__is_handed_on(client: Client, age: str) -> None:
    """RFC 9470: what the downstream asks for is asked of the caller, unforged."""
    response = client.get("/fail/StepUpRequired/", {"age": age}, headers=BEARER)

    assert response["WWW-Authenticate"] == (
        'Bearer error="insufficient_user_authentication", acr_values="gold"'
    )


def test_browser__logs_in_once(client: Client) -> None:
    """A session whose token is over logs in again; if that does not help, a page."""
    client.force_login(User.objects.create_user("alice"))

    first = client.get("/fail/SubjectTokenExpired/?a=b", headers=HTML)
    second = client.get("/fail/SubjectTokenExpired/?a=b", headers=HTML)

    assert first.status_code == 302
    assert first["Location"] == "/login/?next=/fail/SubjectTokenExpired/%3Fa%3Db"
    assert second.status_code == 401
    assert "Location" not in second


def test_browser__that_is_logged_in_without_a_token(client: Client) -> None:
    """Another login would not bring one: no circle, a page that says so."""
    client.force_login(User.objects.create_user("alice"))

    response = client.get("/fail/NoSubjectToken/", headers=HTML)

    assert response.status_code == 401


@pytest.mark.parametrize(
    ("referer", "after"),
    [
        ("http://testserver/form/", "/login/?next=http%3A//testserver/form/"),
        ("https://evil.example/", "/login/?next=/"),
        ("", "/login/?next=/"),
    ],
)
def test_browser__that_sent_a_form(client: Client, referer: str, after: str) -> None:
    """After the login the form is shown again, and no other site."""
    response = client.post(
        "/fail/SubjectTokenRejected/", headers={**HTML, "Referer": referer}
    )

    assert response["Location"].replace("%3A", ":") == after.replace("%3A", ":")


def test_script__is_not_redirected(client: Client) -> None:
    """fetch() would follow to a login page and read it as data."""
    client.force_login(User.objects.create_user("alice"))

    response = client.get("/fail/SubjectTokenExpired/", headers=SCRIPT)

    assert response.status_code == 401
    assert response.json()["error"]["code"] == "subject_token_expired"


@pytest.mark.parametrize("who", ["nobody", "user", "staff", "debug"])
def test_cause__is_shown_to_those_who_can_act(
    client: Client, settings: Any, who: str
) -> None:
    """A user sees a plain page; staff, and a developer under DEBUG, cause and fix."""
    settings.DEBUG = who == "debug"
    if who in {"user", "staff"}:
        client.force_login(User.objects.create_user("u", is_staff=who == "staff"))

    page = client.get("/fail/ClientAuthFailed/", headers=HTML).content.decode()

    assert ("does not accept the requester" in page) == (who in {"staff", "debug"})
    assert "client_auth_failed" in page


@pytest.mark.parametrize(
    ("after", "header"), [("", "5"), ("?after=7.9", "7"), ("?after=0", "5"),
                          ("?after=0.2", "1"), ("?after=3600", "60")],
)  # fmt: skip
def test_outage__says_when_to_come_back(
    client: Client, after: str, header: str
) -> None:
    """Between one second and a minute, whatever Keycloak wished."""
    response = client.get(f"/fail/ExchangeUnavailable/{after}", headers=SCRIPT)

    assert response.status_code == 503
    assert response["Retry-After"] == header
