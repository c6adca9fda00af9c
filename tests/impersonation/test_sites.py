"""Projects with a log, with a login for every page, with a strict content policy."""

from __future__ import annotations

import io
import logging
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from kc_exchange.impersonation.log import OperatorFilter
from tests.admin.office import person as office_person
from tests.impersonation import desk as pages
from tests.impersonation.desk import MIDDLEWARE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.admin.office import Office
    from tests.impersonation.desk import Desk

pytestmark = pytest.mark.django_db
_log = logging.getLogger("shop")


def logs(request: HttpRequest) -> HttpResponse:
    """Write into the log."""
    _log.warning("a line")
    return HttpResponse("logged")


async def alogs(request: HttpRequest) -> HttpResponse:
    """Write into the log, from the loop and from a thread."""
    _log.warning("a line")
    await sync_to_async(_log.warning)("a line")
    return HttpResponse("logged")


def crash(request: HttpRequest) -> HttpResponse:
    """Fail."""
    raise ZeroDivisionError


def missing(request: HttpRequest) -> HttpResponse:
    """Find nothing."""
    raise Http404


urlpatterns = [
    *pages.urlpatterns,
    path("logs/", logs),
    path("alogs/", alogs),
    path("crash/", crash),
    path("missing/", missing),
    path("public/", login_not_required(logs)),
]


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Let the desk have these pages, too."""
    desk.settings.ROOT_URLCONF = __name__
    desk.client.raise_request_exception = False
    return desk


class WhoOnly(logging.Formatter):
    def formatException(self, _: Any) -> str:  # noqa: N802 - logging's name
        """Leave the traceback out."""
        return ""


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Give what a handler with the filter writes."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(OperatorFilter())
    handler.setFormatter(WhoOnly("%(name)s %(operator)s %(target)s %(grant)s"))
    loggers = [_log, logging.getLogger("django.request")]
    for logger in loggers:
        logger.addHandler(handler)
    yield written
    for logger in loggers:
        logger.removeHandler(handler)


@pytest.mark.parametrize("url", ["/logs/", "/alogs/"])
def test_log__operator_named(desk: Desk, lines: io.StringIO, url: str):
    """Under a grant each line says who really acts; outside of one it says nobody."""
    desk.client.get(url)
    grant = desk.start()
    desk.client.get(url)
    desk.stop()
    desk.client.get(url)
    many = 1 if url == "/logs/" else 2
    before, during = "shop - - -", f"shop sam alice {grant.pk}"
    expected = [before] * many + [during] * many + [before] * many
    assert lines.getvalue().splitlines() == expected


@pytest.mark.parametrize("url", ["/crash/", "/missing/", "/nowhere/"])
def test_log__operator_named_by_django_itself(desk: Desk, lines: io.StringIO, url: str):
    """Also in what Django logs when the request is over."""
    grant = desk.start()
    desk.client.get(url)
    assert lines.getvalue() == f"django.request sam alice {grant.pk}\n"


def test_log__operator_in_own_pages(desk: Desk, lines: io.StringIO):
    """There nobody acts as anybody else."""
    desk.start()
    desk.client.get("/office/")
    desk.client.post("/start/", "{}", content_type="application/json")
    assert set(lines.getvalue().splitlines()) == {"django.request - - -"}


def test_log__hostile_name(desk: Desk, lines: io.StringIO):
    """A name cannot begin a line of its own."""
    desk.start(pages.person("bert\nshop root root -"))
    desk.client.get("/logs/")
    assert len(lines.getvalue().splitlines()) == 1


def test_login_required__every_page(desk: Desk):
    """A grant passes it as the target; without one, and after it, it asks anew."""
    required = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    for place in (4, len(MIDDLEWARE)):
        desk.settings.MIDDLEWARE = [*MIDDLEWARE[:place], required, *MIDDLEWARE[place:]]
        visitor = Client()
        assert visitor.get("/who/").headers["Location"] == "/login/?next=/who/"
        assert visitor.get("/public/").status_code == 200
        desk.start()
        assert desk.who() == "alice"
        assert desk.client.get("/public/").status_code == 200
        desk.client.post("/stop/")
        assert desk.who() == "sam"


def test_login_required__session_over_under_a_grant(desk: Desk):
    required = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    desk.settings.MIDDLEWARE = [*MIDDLEWARE, required]
    desk.start()
    desk.client.session.flush()
    assert desk.client.get("/who/").headers["Location"] == "/login/?next=/who/"


class Inline(HTMLParser):
    """Find what `default-src 'self'` would not let run or apply."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look for what is inline, or from elsewhere."""
        given = dict(attrs)
        handlers = [n for n in given if n.startswith("on") or n == "style"]
        self.found += [f"{tag} {name}" for name in handlers]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.found.append(tag)
        for name in ("src", "href", "action"):
            place = given.get(name) or ""
            if ":" in place or place.startswith("//"):
                self.found.append(f"{tag} {place}")


def inline(page: Any) -> list[str]:
    found = Inline()
    found.feed(page.content.decode())
    return found.found


@pytest.mark.parametrize("url", ["/change/", "/who/"])
def test_strict_csp__pages_of_a_refusal(desk: Desk, url: str):
    """Nothing in them is inline, so they look the same under a strict policy."""
    grant = desk.start()
    if url == "/who/":
        pages.Grant.objects.filter(pk=grant.pk).update(expires_at=grant.started_at)
    refused = desk.client.post(url)
    assert refused.status_code == 403
    assert inline(refused) == []


def test_strict_csp__screens(office: Office):
    """The banner, the start page, and the pages of grants and events."""
    root = office_person("root", is_superuser=True, is_staff=True)
    office.client.force_login(root)
    first = office.client.get(office.form_of())
    grant = office.start()
    (event, *_) = office.events()
    assert b"End impersonation" in office.client.get("/orders/").content
    seen = [first] + [
        office.client.get(address)
        for address in (
            "/orders/",
            office.form_of(),
            f"/admin/auth/user/{office.target.pk}/change/",
            "/admin/kc_exchange/impersonationgrant/",
            f"/admin/kc_exchange/impersonationgrant/{grant.pk}/change/",
            "/admin/kc_exchange/auditevent/",
            f"/admin/kc_exchange/auditevent/{event.pk}/change/",
        )
    ]
    assert {page.status_code for page in seen} == {200, 403}
    assert [inline(page) for page in seen] == [[]] * 8
