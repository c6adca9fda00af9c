"""A support office: pages with the banner, an operator, and a customer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.admin import AdminSite
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Permission, User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import Client
from django.urls import include, path

from kc_exchange import impersonation
from kc_exchange.admin import (
    AuditEventAdmin,
    ImpersonateMixin,
    ImpersonationGrantAdmin,
    KeycloakIdentityAdmin,
)
from kc_exchange.models import AuditEvent, ImpersonationGrant, KeycloakIdentity

REASON = "She cannot see her invoice of May"
PAGE = """{% load kc_exchange %}<!doctype html><title>Orders</title>
{% impersonation_banner %}<main>{{ request.user.get_username }}</main>"""
Cause = ImpersonationGrant.Cause
Type = AuditEvent.Type


def page(request: HttpRequest) -> HttpResponse:
    """Show a page of the shop, with the banner."""
    return HttpResponse(engines["django"].from_string(PAGE).render({}, request))


@impersonation.as_operator
@transaction.non_atomic_requests
def start(request: HttpRequest) -> HttpResponse:
    """Start a grant on terms of the test's choice."""
    stated: dict[str, Any] = request.POST.dict()
    target = get_user_model().objects.get(pk=stated.pop("target"))
    grant = impersonation.start(request, target, **stated)
    return HttpResponse(str(grant.pk))


class PersonAdmin(ImpersonateMixin, UserAdmin):
    """As a project would write it; the first letter of a hidden user's name is h."""

    def get_queryset(self, request: HttpRequest) -> Any:
        """Hide some."""
        shown: Any = super().get_queryset(request)
        return shown.exclude(username__startswith="h")


front_desk = AdminSite(name="admin")
back_desk = AdminSite(name="back")
for site in (front_desk, back_desk):
    site.register(User, PersonAdmin)
    site.register(ImpersonationGrant, ImpersonationGrantAdmin)
    site.register(AuditEvent, AuditEventAdmin)
    site.register(KeycloakIdentity, KeycloakIdentityAdmin)

urlpatterns: list[Any] = [
    path("admin/", front_desk.urls),
    path("back/", back_desk.urls),
    path("orders/", page, name="orders"),
    path("start/", start),
    path("impersonation/", include("kc_exchange.urls")),
]


@dataclass
class Office:
    """What the tests of the screens do again and again."""

    operator: Any
    target: Any
    settings: Any
    client: Client = field(default_factory=Client)
    before: int = 0
    """The number of the last event before this test."""

    def start(self, **stated: Any) -> ImpersonationGrant:
        """Start a grant, past the form."""
        form = {"target": self.target.pk, "reason": REASON, **stated}
        response = self.client.post("/start/", form)
        assert response.status_code == 200, response.content
        return ImpersonationGrant.objects.get(pk=response.content.decode())

    def form_of(self, target: Any = None, site: str = "admin") -> str:
        """Return the address of the start page."""
        return f"/{site}/auth/user/{(target or self.target).pk}/impersonate/"

    def press_start(self, target: Any = None, **form: Any) -> Any:
        """Fill the start page in, and send it."""
        client = form.pop("client", self.client)
        stated = {"reason": REASON, "minutes": "15", "mode": "read-only", **form}
        return client.post(self.form_of(target), stated)

    def page(self) -> str:
        """Return a page of the shop."""
        return self.client.get("/orders/").content.decode()

    def whoami(self) -> str:
        """Return as whom a page runs."""
        return self.page().partition("<main>")[2].partition("<")[0]

    def events(self, *types: str) -> list[AuditEvent]:
        """Return the events of this test, oldest first."""
        found = AuditEvent.objects.filter(seq__gt=self.before).order_by("seq")
        return list(found.filter(type__in=types) if types else found)

    def denied(self) -> list[tuple[str, str]]:
        """Return why which targets were refused in this test."""
        return [(e.code, e.target_name) for e in self.events(Type.START_DENIED)]

    def set(self, **impersonation: Any) -> None:
        """Change the settings of impersonation."""
        old = self.settings.KC_EXCHANGE
        changed = {**old.get("IMPERSONATION", {}), **impersonation}
        self.settings.KC_EXCHANGE = {**old, "IMPERSONATION": changed}


def allow(user: Any, *codenames: str) -> Any:
    """Give permissions; return the user without what it remembers of them."""
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    return get_user_model().objects.get(pk=user.pk)


def person(name: str, **flags: Any) -> Any:
    """Make a user whose password is the name."""
    return get_user_model().objects.create_user(name, password=name, **flags)


def staff(name: str, *codenames: str) -> Any:
    """Make a user who may enter the admin."""
    return allow(person(name, is_staff=True), *codenames)


def new_office(settings: Any) -> Office:
    """Return an office whose operator is logged in and may impersonate."""
    settings.ROOT_URLCONF = __name__
    olga = staff("olga", "impersonate", "impersonate_read_write", "view_user")
    newest = AuditEvent.objects.order_by("-seq").first()
    made = Office(olga, person("alice"), settings, before=newest.seq if newest else 0)
    made.set(AT_KEYCLOAK="never")
    made.client.force_login(olga)
    return made


@pytest.fixture
def office(settings: Any) -> Office:
    """Give an office; the test is marked with `django_db`."""
    return new_office(settings)
