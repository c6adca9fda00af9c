"""Somebody who logged in through Keycloak and starts jobs."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.views import LogoutView
from django.http import HttpRequest, JsonResponse
from django.test import Client
from django.urls import path

from kc_exchange import SubjectReference, acting_for, downstream_session
from kc_exchange.capture.session import ITEM, newest_of
from tests.impersonation.realm_desk import REALM, log_in, tokens_of

if TYPE_CHECKING:
    from kc_exchange.testing import DownstreamRecorder, EmbeddedKeycloak


def start(request: HttpRequest) -> JsonResponse:
    """Answer with a reference, as a view would hand it to a task."""
    age = float(request.GET.get("max_age", "3600"))
    offline = "offline" in request.GET
    reference = SubjectReference.of(request, max_age=age, offline=offline)
    return JsonResponse({"reference": reference})


urlpatterns = [
    path("start/", start),
    path("logout/", LogoutView.as_view(next_page="/start/")),
]


@dataclass
class Works:
    """A browser of alice's, Keycloak, and the service that jobs call."""

    keycloak: EmbeddedKeycloak
    service: DownstreamRecorder
    user: Any
    client: Client

    def reference(self, **query: Any) -> str:
        """Return a reference of the logged-in user."""
        return str(self.client.get("/start/", query).json()["reference"])

    def session(self) -> Any:
        """Return the browser's session, as it is stored."""
        engine = import_module(settings.SESSION_ENGINE)
        return engine.SessionStore(
            self.client.cookies[settings.SESSION_COOKIE_NAME].value
        )

    def secrets(self) -> list[str]:
        """Return the tokens that the session keeps, and those that were sent."""
        kept = tokens_kept(self.session())
        return [kept.access_token, kept.refresh_token, *self.service.tokens]


def tokens_kept(session: Any) -> Any:
    """Return the tokens that a session keeps."""
    found = newest_of(session.get(ITEM), session.session_key)
    assert found is not None
    return found.tokens


def call(reference: str) -> int:
    """Do the job: call the service, return the status."""
    with acting_for(reference), downstream_session("orders-api") as session:
        return int(session.get("v1/orders").status_code)


def works_of(keycloak: EmbeddedKeycloak, service: DownstreamRecorder) -> Works:
    """Return alice's browser, logged in."""
    user = get_user_model().objects.create(username="alice")
    client = Client()
    log_in(client, user, tokens_of(keycloak, "alice"))
    return Works(keycloak, service, user, client)


__all__ = ["REALM", "Works", "call", "tokens_kept", "works_of"]
