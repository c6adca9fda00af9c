"""The end of a grant by the banner's button."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from asgiref.sync import async_to_sync
from django.contrib.messages import get_messages
from django.test import AsyncClient, Client

from kc_exchange.models import ImpersonationGrant
from tests.admin.office import Cause, Type, person

if TYPE_CHECKING:
    from tests.admin.office import Office

pytestmark = pytest.mark.django_db

END = "/impersonation/end/"


def page_of(office: Office) -> str:
    return f"/admin/auth/user/{office.target.pk}/change/"


def test_end__goes_back(office: Office) -> None:
    grant = office.start(back="/admin/auth/user/1/change/")

    response = office.client.post(END)

    grant.refresh_from_db()
    assert (response.status_code, response["Location"]) == (
        302,
        "/admin/auth/user/1/change/",
    )
    assert grant.end_cause == Cause.STOPPED
    assert [e.code for e in office.events(Type.GRANT_ENDED)] == ["stopped"]
    assert office.whoami() == "olga"
    assert "no-store" in response["Cache-Control"]
    texts = [str(m) for m in get_messages(response.wsgi_request)]
    assert texts == ["You no longer act as alice."]


@pytest.mark.parametrize(
    "back",
    [
        "//evil.example/",
        "https:evil.example",
        "https://evil.example/",
        "\\\\evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil.example",
        "",
    ],
)
def test_d11__open_redirect(office: Office, back: str) -> None:
    """D11: nothing leads away from this site, whatever a project puts into `back`."""
    office.start(back=back)

    assert office.client.post(END)["Location"] == page_of(office)


def test_end__of_an_operator_without_admin(office: Office) -> None:
    """Who may not enter the admin is led to the front page."""
    type(office.operator).objects.update(is_staff=False)
    office.start()

    assert office.client.post(END)["Location"] == "/"


@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "patch"])
def test_end__other_methods(office: Office, method: str) -> None:
    """A link, an image or a prefetch ends nothing."""
    grant = office.start()

    response = getattr(office.client, method)(END)

    grant.refresh_from_db()
    assert response.status_code == 405
    assert grant.is_open


def test_end__without_csrf_token(office: Office) -> None:
    grant = office.start()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = office.client.cookies

    assert strict.post(END).status_code == 403

    grant.refresh_from_db()
    assert grant.is_open


def test_d18__twice(office: Office) -> None:
    """D18: the second press ends nothing, and says so."""
    office.start()
    office.client.post(END)

    response = office.client.post(END)

    assert (response.status_code, response["Location"]) == (302, "/")
    assert len(office.events(Type.GRANT_ENDED)) == 1
    assert office.whoami() == "olga"


def test_d17__nobody_impersonates(office: Office) -> None:
    """D17: there is nothing to end, for a user or for nobody."""
    assert office.client.post(END)["Location"] == "/"
    assert Client().post(END)["Location"] == "/"


def test_end__parameters_name_nothing(office: Office) -> None:
    """Nobody ends another's grant by naming it."""
    grant = office.start()
    other = Client()
    other.force_login(person("mallory", is_staff=True))

    other.post(f"{END}?grant={grant.pk}", {"grant": str(grant.pk), "next": "//evil"})

    grant.refresh_from_db()
    assert grant.is_open


def test_end__with_login_required(office: Office) -> None:
    """LoginRequiredMiddleware sends nobody from here to a login and back to a 405."""
    before = "django.contrib.auth.middleware.AuthenticationMiddleware"
    login = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    middleware = list(office.settings.MIDDLEWARE)
    middleware.insert(middleware.index(before) + 1, login)
    office.settings.MIDDLEWARE = middleware
    office.start()

    assert office.client.post(END)["Location"] == page_of(office)
    assert Client().post(END)["Location"] == "/"
    assert Client().get("/orders/")["Location"].startswith("/login/")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("atomic_requests")
def test_end__under_atomic_requests(office: Office) -> None:
    """The record is committed by itself, so the view has no transaction around it."""
    office.start()

    assert office.client.post(END).status_code == 302
    assert ImpersonationGrant.objects.get().end_cause == Cause.STOPPED


def test_end__async(office: Office) -> None:
    """The same under ASGI."""
    office.start()
    client = AsyncClient()
    client.cookies = office.client.cookies

    response = async_to_sync(client.post)(END)

    assert (response.status_code, response["Location"]) == (302, page_of(office))
    assert office.whoami() == "olga"
