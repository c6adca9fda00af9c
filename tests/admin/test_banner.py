"""The banner: shown whenever somebody acts as somebody else, and only then."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.http import HttpResponse
from django.template import Context, engines
from django.test import Client, RequestFactory
from django.urls import path

from tests.admin.office import page as shop_page

if TYPE_CHECKING:
    from django.http import HttpRequest

    from tests.admin.office import Office

pytestmark = pytest.mark.django_db

BANNER = "data-kc-impersonation"
NASTY = '<script>alert(1)</script> "><img onerror=x> {{7*7}} \u202etxt.exe'


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse(rendered("{% impersonation_banner %}", request=request))


def rendered(text: str, **context: object) -> str:
    engine: Any = engines["django"]
    template = engine.engine.from_string("{% load kc_exchange %}" + text)
    return str(template.render(Context(context)))


def test_banner__nobody_acts(office: Office) -> None:
    assert BANNER not in office.page()


def test_banner__anonymous_page_stays_cacheable(office: Office) -> None:
    """Without a grant neither the session nor the CSRF cookie is touched."""
    office.settings.ROOT_URLCONF = _urls(plain)

    response = Client().get("/orders/")

    assert not response.has_header("Vary")
    assert not response.cookies


def test_banner__says_everything(office: Office) -> None:
    office.start(ticket="KILN-7", mode="read-write")

    page = office.page()

    assert BANNER in page
    for fact in ("olga", "alice", "She cannot see", "KILN-7", "read and write"):
        assert fact in page
    seconds = re.search(r'data-seconds="(\d+)"', page)
    assert seconds is not None
    assert 890 <= int(seconds[1]) <= 900
    assert "15 minutes" in page


def test_banner__counts_to_the_end_of_the_session(office: Office) -> None:
    """Where the operator's session ends before the grant, so does the time."""
    session = office.client.session
    session.set_expiry(120)
    session.save()
    office.start()

    seconds = re.search(r'data-seconds="(\d+)"', office.page())

    assert seconds is not None
    assert int(seconds[1]) <= 120


def test_banner__is_a_named_region_with_a_form(office: Office) -> None:
    """A screen reader finds it by name, the keyboard by a button, in a form."""
    office.start()

    page = office.page()

    assert '<section class="kc-impersonation" aria-label="Impersonation"' in page
    assert 'role="status"' in page
    assert '<form method="post" action="/impersonation/end/"' in page
    assert '<button type="submit">End impersonation</button>' in page
    assert 'name="csrfmiddlewaretoken" value="' in page


def test_banner__has_nothing_inline(office: Office) -> None:
    """A policy of `default-src 'self'` needs no exception for it."""
    office.start()

    page = office.page()

    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script(?! src)", page)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


@pytest.mark.parametrize("before", ["", "{% autoescape off %}"])
def test_banner__escapes(office: Office, before: str) -> None:
    """Also where the page around it escapes nothing."""
    grant = office.start(reason=NASTY)
    request = RequestFactory().get("/")
    request.grant = grant  # type: ignore[attr-defined]
    after = "{% endautoescape %}" if before else ""

    page = rendered(before + "{% impersonation_banner %}" + after, request=request)

    assert "<script>alert" not in page
    assert "<img" not in page
    assert "{{7*7}}" in page
    assert "<bdi>&lt;script&gt;" in page


def test_banner__long_reason(office: Office) -> None:
    """It is cut to a line, and whole at a press."""
    office.start(reason="because " * 100)

    page = office.page()

    assert "<details>" in page
    assert "…</bdi></summary>" in page
    assert page.count("because") > 100


def test_banner__without_the_request(office: Office) -> None:
    """A template that is given nothing shows it all the same, without the button."""

    def view(request: object) -> HttpResponse:
        return HttpResponse(rendered("{% impersonation_banner %}"))

    office.start()
    office.settings.ROOT_URLCONF = _urls(view)

    page = office.page()

    assert BANNER in page
    assert "<form" not in page


def test_banner__without_our_urls(office: Office) -> None:
    """Nothing to post to: no button, and no error."""
    office.start()
    office.settings.ROOT_URLCONF = _urls(shop_page)

    assert BANNER in office.page()
    assert "<form" not in office.page()


def test_banner__with_a_nonce(office: Office) -> None:
    """A policy that asks for a nonce finds it."""
    grant = office.start()
    request = RequestFactory().get("/")
    request.grant = grant  # type: ignore[attr-defined]

    page = rendered("{% impersonation_banner %}", request=request, csp_nonce="n0nce")

    assert page.count('nonce="n0nce"') == 2


def test_error_page__offers_the_end(office: Office) -> None:
    """Who is refused a write under a read-only grant can leave from there."""
    office.start()

    response = office.client.post("/orders/", headers={"Accept": "text/html"})

    assert response.status_code == 403
    assert BANNER in response.content.decode()
    assert 'action="/impersonation/end/"' in response.content.decode()
    assert "<style" not in response.content.decode()


def _urls(view: Any) -> tuple[object, ...]:
    return (path("orders/", view),)
