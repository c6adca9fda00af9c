"""What a developer sees of an error that nobody answers for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.debug import technical_500_response

from kc_exchange import downstream_session
from kc_exchange.exceptions import ExchangeError

if TYPE_CHECKING:
    from django.test import Client

    from tests.servers.site import Site


def downstream_is_away(request: HttpRequest) -> HttpResponse:
    with downstream_session("orders-api") as session:
        return HttpResponse(session.post("x", data={"a": "b"}).text)


urlpatterns = [path("away/", downstream_is_away)]
pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]


@pytest.mark.parametrize("debug", [True, False])
def test_debug_page__shows_no_token(
    client: Client, settings: Any, site: Site, caplog: Any, debug: bool
) -> None:
    """An unreachable downstream: neither of the two tokens is on the page."""
    settings.DEBUG = debug
    site.orders["BASE_URL"] = "http://127.0.0.1:9/"
    site.configure()
    subject = site.subject()
    client.raise_request_exception = False

    response = client.get("/away/", headers={"Authorization": f"Bearer {subject}"})

    page = response.content.decode() + caplog.text
    header, _, signature = subject.split(".")
    assert response.status_code == 500
    assert ("ConnectionError" in page) or not debug
    assert header not in page
    assert signature not in page


def test_debug_page__of_an_exchange_that_failed(site: Site, rf: Any) -> None:
    """Nor is the requester's secret, where nobody answers for the error."""
    site.configure()
    site.keycloak.acts = [lambda _: False]
    subject = site.subject()
    try:
        site.call(subject)
    except ExchangeError as error:
        frames = (type(error), error, error.__traceback__)
        page = technical_500_response(rf.get("/"), *frames).content.decode()

    assert "ExchangeUnavailable" in page or "NoReply" in page
    own = page.replace("tests/servers/site.py", "")
    assert "s3cret-of-the-requester" not in without_test_frames(own)


def without_test_frames(page: str) -> str:
    """Drop the test's own frames: they made the secret."""
    parts = page.split('<li class="frame')
    return "".join(part for part in parts[1:] if "/tests/" not in part)
