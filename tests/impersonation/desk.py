"""A support desk: a project with pages to act in, an operator, and a target."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib import messages
from django.contrib.auth import get_user_model, logout
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import Client
from django.urls import path

from kc_exchange import impersonation
from kc_exchange.impersonation import as_operator
from kc_exchange.models import AuditEvent, ImpersonationGrant

REASON = "Ticket 4711: cannot see her invoice"
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "kc_exchange.middleware.UserTokenMiddleware",
    "kc_exchange.middleware.ImpersonationMiddleware",
]
Grant = ImpersonationGrant
Cause = ImpersonationGrant.Cause
Type = AuditEvent.Type


def who(request: Any) -> JsonResponse:
    """Say as whom this runs, and what the session holds."""
    operator, grant = request.operator, request.grant
    return JsonResponse(
        {
            "user": request.user.get_username(),
            "operator": operator and operator.get_username(),
            "grant": grant and str(grant.pk),
            "session": {k: v for k, v in request.session.items() if k[0] != "_"},
        }
    )


def note(request: HttpRequest) -> HttpResponse:
    """Put something into the session, or take it out: `?name=value`, `?name=`."""
    for name, value in request.GET.items():
        if value:
            request.session[name] = value
        else:
            request.session.pop(name, None)
    return HttpResponse("noted")


def say(request: HttpRequest) -> HttpResponse:
    """Leave a message for the next page."""
    messages.info(request, request.GET["text"])
    return HttpResponse("said")


def hear(request: HttpRequest) -> JsonResponse:
    """Show the messages."""
    return JsonResponse([str(m) for m in messages.get_messages(request)], safe=False)


def change(request: Any) -> HttpResponse:
    """Change something of the account."""
    request.user.first_name = "Changed"
    request.user.save()
    return HttpResponse("changed")


def leave(request: HttpRequest) -> HttpResponse:
    """Log out."""
    logout(request)
    return HttpResponse("left")


@as_operator
@transaction.non_atomic_requests
def start(request: HttpRequest) -> HttpResponse:
    """Start a grant, as the admin's form does."""
    stated: dict[str, Any] = json.loads(request.body)
    target = get_user_model().objects.get(pk=stated.pop("target"))
    try:
        grant = impersonation.start(request, target, **stated)
    except ValidationError as error:
        return JsonResponse(error.message_dict, status=400)
    return HttpResponse(str(grant.pk))


@as_operator
@transaction.non_atomic_requests
def stop(request: HttpRequest) -> HttpResponse:
    """End it, as the banner's button does."""
    return HttpResponse(impersonation.end_current(request))


@as_operator
def office(request: Any) -> JsonResponse:
    """Stay the operator."""
    response = who(request)
    request.session["office"] = "was open"
    return response


@as_operator
def close(request: HttpRequest) -> HttpResponse:
    """Log the operator out."""
    logout(request)
    return HttpResponse("closed")


urlpatterns = [
    path("who/", who, name="who"),
    path("note/", note),
    path("say/", say),
    path("hear/", hear),
    path("change/", change, name="change"),
    path("leave/", leave),
    path("start/", start),
    path("stop/", stop),
    path("office/", office),
    path("close/", close),
]


@dataclass
class Desk:
    """What the tests of a grant do again and again."""

    operator: Any
    target: Any
    settings: Any
    client: Client = field(default_factory=Client)
    first: int = 0
    """The number of the last event before this test."""

    def attempt(self, target: Any = None, **stated: Any) -> Any:
        """Ask for a grant; return the response, whatever it is."""
        body = {"target": str((target or self.target).pk), "reason": REASON, **stated}
        client = body.pop("client", self.client)
        return client.post("/start/", body, content_type="application/json")

    def start(self, target: Any = None, **stated: Any) -> ImpersonationGrant:
        """Start a grant, which succeeds."""
        response = self.attempt(target, **stated)
        assert response.status_code == 200, response.content
        return Grant.objects.get(pk=response.content.decode())

    def configure(self, **changes: Any) -> None:
        """Change settings of IMPERSONATION."""
        now = self.settings.KC_EXCHANGE
        changed = {**now["IMPERSONATION"], **changes}
        self.settings.KC_EXCHANGE = {**now, "IMPERSONATION": changed}

    def stop(self, client: Client | None = None) -> Any:
        """End the grant."""
        return (client or self.client).post("/stop/")

    def who(self, client: Client | None = None) -> str:
        """Return as whom a page runs; empty where the request is refused."""
        response = (client or self.client).get("/who/")
        return str(response.json()["user"]) if response.status_code == 200 else ""

    def seen(self) -> dict[str, Any]:
        """Return what the page's session held."""
        found: dict[str, Any] = self.client.get("/who/").json()["session"]
        return found

    def cause(self) -> str:
        """Return why the newest grant ended, by the grant and by its one event."""
        grant = Grant.objects.latest("requested_at")
        ended = self.events(Type.GRANT_ENDED, grant=grant)
        assert [e.code for e in ended] == ([grant.end_cause] if grant.ended_at else [])
        return grant.end_cause

    def events(self, *types: str, grant: Any = None) -> list[AuditEvent]:
        """Return the events of this test, oldest first."""
        found = AuditEvent.objects.filter(seq__gt=self.first).order_by("seq")
        found = found.filter(type__in=types) if types else found
        return list(found if grant is None else found.filter(grant_id=grant.pk))

    def told(self) -> str:
        """Return all that this test wrote into the record."""
        return "\n".join(bytes(e.payload).decode() for e in self.events())


def thief_of(client: Client) -> Client:
    """Return another browser with a copy of the cookies of this moment."""
    other = Client()
    other.cookies = deepcopy(client.cookies)
    return other


def allow(user: Any, *codenames: str) -> Any:
    """Give permissions; return the user without what it remembers of them."""
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    return get_user_model().objects.get(pk=user.pk)


def person(name: str, **flags: Any) -> Any:
    """Make a user whose password is the name."""
    return get_user_model().objects.create_user(name, password=name, **flags)


def prepare(settings: Any, **impersonation_settings: Any) -> None:
    """Point the settings at the desk; Keycloak has no part, unless the caller says."""
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = MIDDLEWARE
    chosen = {"AT_KEYCLOAK": "never", **impersonation_settings}
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "IMPERSONATION": chosen}


def desk_of(settings: Any) -> Desk:
    """Return a desk whose operator is logged in and may impersonate."""
    sam = allow(person("sam", is_staff=True), "impersonate", "impersonate_read_write")
    newest = AuditEvent.objects.order_by("-seq").first()
    made = Desk(sam, person("alice"), settings, first=newest.seq if newest else 0)
    made.client.force_login(sam)
    return made


@pytest.fixture
def desk(settings: Any) -> Desk:
    """Give a desk; the test is marked with `django_db`."""
    prepare(settings)
    return desk_of(settings)
