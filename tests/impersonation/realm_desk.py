"""The desk at Keycloak: an operator who came from there, a target that it knows."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from kc_exchange import capture, downstream_client, downstream_session
from kc_exchange.exceptions import ExchangeError
from kc_exchange.impersonation import as_operator
from kc_exchange.impersonation.tokens import opened
from kc_exchange.models import AuditEvent, GrantToken, remember_identity
from kc_exchange.tokens import TokenSet, unverified_claims
from tests.impersonation import desk as pages
from tests.impersonation.desk import Desk, allow, person

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from kc_exchange.models import ImpersonationGrant
    from kc_exchange.testing import DownstreamRecorder, EmbeddedKeycloak
    from kc_exchange.testing.records import ExchangeRecord

REALM = "test"


def call(request: HttpRequest) -> JsonResponse:
    """Call the service that the query names."""
    name = request.GET.get("name", "orders-api")
    with downstream_session(name) as session:
        return JsonResponse(session.get("v1/orders").json())


async def acall(request: HttpRequest) -> JsonResponse:
    """Do the same in a coroutine."""
    async with downstream_client(request.GET.get("name", "orders-api")) as client:
        return JsonResponse((await client.get("v1/orders")).json())


def call_and_crash(request: HttpRequest) -> JsonResponse:
    """Do the same, and fail."""
    call(request)
    raise ZeroDivisionError


@as_operator
def own_call(request: HttpRequest) -> JsonResponse:
    """Do the same as the operator."""
    return call(request)


def catch(request: HttpRequest) -> HttpResponse:
    """Call, and hide that it failed."""
    try:
        call(request)
    except ExchangeError as error:
        return HttpResponse(error.code)
    return HttpResponse("called")


urlpatterns = [
    *pages.urlpatterns,
    path("call/", call),
    path("acall/", acall),
    path("call-crash/", call_and_crash),
    path("own-call/", own_call),
    path("catch/", catch),
]


@dataclass
class RealmDesk(Desk):
    """A desk with Keycloak and a service behind it."""

    keycloak: Any = None
    service: Any = None

    def call(self, url: str = "/call/", client: Client | None = None) -> int:
        """Let a page call the service; return the page's status."""
        return int((client or self.client).get(url).status_code)

    def received(self) -> dict[str, Any]:
        """Return the claims of the newest token that the service was sent."""
        return unverified_claims(self.service.tokens[-1])

    def subject(self, name: str) -> str:
        """Return the id of somebody at Keycloak."""
        users = self.keycloak.realm(REALM).users.values()
        return str(next(user.id for user in users if user.username == name))

    def remember(self, user: Any) -> None:
        """Note who somebody is at Keycloak, as their first login does."""
        remember_identity(
            user,
            issuer=self.keycloak.issuer(REALM),
            subject=self.subject(user.get_username()),
        )

    def sessions(self, name: str = "alice") -> tuple[str, ...]:
        """Return somebody's living sessions at Keycloak."""
        found: tuple[str, ...] = self.keycloak.sessions(REALM, name)
        return found

    def first_hops(self) -> list[ExchangeRecord]:
        """Return the impersonations that Keycloak granted."""
        return [
            exchange
            for exchange in self.keycloak.exchanges
            if exchange.requested_subject and exchange.outcome == "granted"
        ]

    def tokens(self, grant: ImpersonationGrant) -> list[str]:
        """Return the values of the target's tokens that are kept, the current first."""
        rows = GrantToken.objects.filter(grant_id=grant.pk).order_by("-current_for")
        found = [opened(row) for row in rows]
        return [token.value for token in found if token is not None]


def tokens_of(keycloak: Any, name: str, scope: str = "openid orders:read") -> TokenSet:
    """Return what Keycloak gives somebody for their password."""
    reply = requests.post(
        f"{keycloak.issuer(REALM)}/protocol/openid-connect/token",
        data={
            "grant_type": "password",
            "username": name,
            "password": f"{name}-password",
            "scope": scope,
        },
        auth=("django-app", "django-app-secret"),
        timeout=10,
    ).json()
    return token_set(reply)


def token_set(reply: dict[str, Any], realm: str = "default") -> TokenSet:
    """Return the tokens of a token endpoint's reply."""
    return TokenSet(
        access_token=reply["access_token"],
        refresh_token=reply["refresh_token"],
        id_token=reply["id_token"],
        expires_at=time.time() + reply["expires_in"],
        realm=realm,
    )


def log_in(client: Client, user: Any, tokens: TokenSet) -> None:
    """Log somebody in, as a login through Keycloak does."""
    client.force_login(user)
    request = HttpRequest()
    request.session = client.session
    capture.keep(request, tokens)
    request.session.save()


@pytest.fixture
def keycloak(embedded_keycloak: EmbeddedKeycloak) -> EmbeddedKeycloak:
    """Give a Keycloak that impersonates."""
    embedded_keycloak.set_features("token-exchange")
    return embedded_keycloak


@pytest.fixture
def realm_desk(
    keycloak: EmbeddedKeycloak,
    kc_downstream: DownstreamRecorder,
    configure: Callable[..., None],
    settings: Any,
) -> RealmDesk:
    """Give a desk whose operator logged in through Keycloak."""
    configure(
        keycloak,
        kc_downstream,
        DOWNSTREAMS={
            "forwarded": {"BASE_URL": kc_downstream.url, "STRATEGY": "forward"},
            "linked": {
                "BASE_URL": kc_downstream.url,
                "STRATEGY": "linked",
                "REQUESTED_ISSUER": "github",
            },
            "own": {"BASE_URL": kc_downstream.url, "STRATEGY": "service-account"},
        },
    )
    pages.prepare(settings, AT_KEYCLOAK="required", ORDINARY_ROLES=["customer"])
    settings.ROOT_URLCONF = __name__
    olga = allow(person("olga"), "impersonate", "impersonate_read_write")
    alice = person("alice")
    newest = AuditEvent.objects.order_by("-seq").first()
    made = RealmDesk(
        olga,
        alice,
        settings,
        first=newest.seq if newest else 0,
        keycloak=keycloak,
        service=kc_downstream,
    )
    for user in (olga, alice):
        made.remember(user)
    log_in(made.client, olga, tokens_of(keycloak, "olga"))
    keycloak.reset_counters()
    return made


def dump() -> str:
    """Return everything that is in the database."""
    connection.ensure_connection()
    return "\n".join(connection.connection.iterdump())
