"""A grant is one tenant's: at no other's address, service or person."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import path

from kc_exchange import capture
from kc_exchange.impersonation import keycloak
from kc_exchange.impersonation.errors import ImpersonationRefused
from kc_exchange.models import AuditEvent, remember_identity
from kc_exchange.sources import FixedSubject
from kc_exchange.testing import EmbeddedKeycloak
from kc_exchange.tokens import SubjectToken, TokenSet
from tests.impersonation import desk as pages
from tests.impersonation import realm_desk
from tests.impersonation.desk import Desk, Type, allow, person
from tests.servers import FaultServer, grants
from tests.tenants.echo import Echo
from tests.tenants.tenants import TENANTS, host, log_in, realm, settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator


async def awho(request: Any) -> HttpResponse:
    """Say as whom this runs, in an event loop."""
    return HttpResponse((await request.auser()).get_username())


def by_query(request: HttpRequest) -> str:
    """Let the query say which realm the request belongs to."""
    return request.GET["realm"]


urlpatterns = [*realm_desk.urlpatterns, path("awho/", awho)]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
ACME, GLOBEX = map(host, TENANTS)
JSON = {"Accept": "application/json"}


class TenantsDesk(Desk):
    """Olga of Acme, who acts as Alice of Acme."""

    keycloak: EmbeddedKeycloak
    service: Echo

    def call(self, name: str = "orders-api", at: str = ACME) -> Any:
        """Let a page call a service."""
        url = f"/call/?name={name}"
        return self.client.get(url, SERVER_NAME=at, headers=JSON)

    def add(self, name: str, **downstream: Any) -> None:
        """Configure one more service."""
        now = self.settings.KC_EXCHANGE
        one = {"BASE_URL": self.service.url, **downstream}
        self.settings.KC_EXCHANGE = {
            **now,
            "DOWNSTREAMS": {**now["DOWNSTREAMS"], name: one},
        }


def known(keycloak: EmbeddedKeycloak, tenant: str, name: str, user: Any) -> Any:
    """Note who somebody is at a tenant's realm."""
    users = keycloak.realm(tenant).users.values()
    subject = str(next(one.id for one in users if one.username == name))
    remember_identity(user, issuer=keycloak.issuer(tenant), subject=subject)
    return user


def enter(desk: TenantsDesk, tenant: str = "acme", alias: str = "default") -> None:
    """Log the operator in through a tenant's realm."""
    desk.client.force_login(desk.operator)
    reply = log_in(desk.keycloak, tenant, "olga")
    request = HttpRequest()
    request.session = desk.client.session
    tokens = TokenSet(
        access_token=reply["access_token"],
        refresh_token=reply["refresh_token"],
        id_token=reply["id_token"],
        expires_at=time.time() + 300,
        realm=alias,
    )
    capture.keep(request, tokens)
    request.session.save()


@pytest.fixture
def desk(settings: Any) -> Iterator[TenantsDesk]:
    """Give the desk of one tenant in a project with two."""
    realms = [realm(tenant) | {"accessTokenLifespan": 300} for tenant in TENANTS]
    with EmbeddedKeycloak(*realms, features=("token-exchange",)) as server, Echo() as e:
        settings.ALLOWED_HOSTS = [ACME, GLOBEX]
        settings.KC_EXCHANGE = settings_for(server, e.url)
        pages.prepare(settings, AT_KEYCLOAK="required", ORDINARY_ROLES=["customer"])
        settings.ROOT_URLCONF = __name__
        olga = allow(person("olga"), "impersonate", "impersonate_read_write")
        olga = known(server, "acme", "olga", olga)
        alice = known(server, "acme", "alice", person("alice"))
        newest = AuditEvent.objects.order_by("-seq").first()
        first = newest.seq if newest else 0
        made = TenantsDesk(olga, alice, settings, Client(SERVER_NAME=ACME), first)
        made.keycloak, made.service = server, e
        enter(made)
        yield made


def test_service_of_another_realm__stays_its_own(desk: TenantsDesk) -> None:
    """What the operator may not call, they may not call as somebody else."""
    desk.add("globex-orders", AUDIENCE="orders-api", REALM="globex")
    assert desk.call("globex-orders").status_code == 500
    grant = desk.start()

    refused = desk.call("globex-orders")

    assert refused.status_code == 500
    assert desk.keycloak.exchanges[-1].realm == "acme"
    (denied,) = desk.events(Type.TOKEN_DENIED, grant=grant)
    assert denied.code == "exchange_misconfigured"
    assert desk.call().json()["claims"]["preferred_username"] == "alice"


def test_session__is_nobodys_at_another_address(desk: TenantsDesk) -> None:
    """A cookie that two hosts share, or that was carried over, opens nothing."""
    assert desk.who() == "olga"
    grant = desk.start()
    assert desk.who() == "alice"

    there = desk.client.get("/who/", SERVER_NAME=GLOBEX).json()

    assert (there["user"], there["operator"], there["grant"]) == ("", None, None)
    assert desk.call(at=GLOBEX).status_code == 401
    grant.refresh_from_db()
    assert grant.is_open
    assert desk.who() == "alice"


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_session__is_nobodys_there_in_an_event_loop(desk: TenantsDesk) -> None:
    """`request.auser` says the same, whatever tells the tenants apart."""
    desk.settings.ALLOWED_HOSTS = ["testserver"]
    by_query = {"REALM_OF_REQUEST": f"{__name__}.by_query"}
    desk.settings.KC_EXCHANGE = {**desk.settings.KC_EXCHANGE, **by_query}
    browser = AsyncClient()
    browser.cookies = desk.client.cookies

    found = [
        (await browser.get("/awho/", {"realm": alias})).content
        for alias in ("default", "globex")
    ]

    assert found == [b"olga", b""]


def test_login__there_makes_it_theirs(desk: TenantsDesk) -> None:
    """Whoever logs in at that address anew is somebody there, and here no more."""
    known(desk.keycloak, "globex", "olga", desk.operator)
    enter(desk, "globex", "globex")

    users = [
        desk.client.get("/who/", SERVER_NAME=name).json()["user"]
        for name in (ACME, GLOBEX)
    ]

    assert users == ["", "olga"]
    desk.client.force_login(desk.operator)
    request = HttpRequest()
    request.session = desk.client.session
    assert not capture.is_foreign(request)


@pytest.mark.parametrize("mode", ["required", "if-known", "never"])
def test_target_of_another_realm__is_refused(desk: TenantsDesk, mode: str) -> None:
    """Not even locally: the other tenant's data would open to this one's support."""
    desk.configure(AT_KEYCLOAK=mode)
    carl = known(desk.keycloak, "globex", "bob", person("carl"))

    refused = desk.attempt(carl, mode="read-write")

    assert refused.status_code == 403
    assert b"another realm" in refused.content
    (denied,) = desk.events(Type.START_DENIED)
    assert denied.code == "other_realm"


@pytest.mark.parametrize("mode", ["if-known", "never"])
def test_target_without_keycloak__is_anybodys(desk: TenantsDesk, mode: str) -> None:
    """A local account is of no realm; what the project says of it holds."""
    desk.configure(AT_KEYCLOAK=mode)

    assert desk.attempt(person("carl")).status_code == 200


def test_login_of_another_realm__renews_no_grant(desk: TenantsDesk) -> None:
    """No other realm's Keycloak is shown the operator's token."""
    grant = desk.start()
    value = log_in(desk.keycloak, "globex", "olga")["access_token"]
    other = FixedSubject(SubjectToken(value=value, realm="globex"))
    asked = desk.keycloak.requests("token")

    with pytest.raises(ImpersonationRefused, match="'globex'"):
        keycloak.hop(other, grant)

    assert desk.keycloak.requests("token") == asked


def test_impersonator__is_its_users_issuer(desk: TenantsDesk) -> None:
    """Another realm knows the target's token by the alias of the users' realm."""
    now = desk.settings.KC_EXCHANGE
    support = {k: v for k, v in now["REALMS"]["default"].items() if k != "HOSTS"}
    act = grants({"scope": ""}, {"aud": "analytics-api", "sub": "x", "sid": "t"})
    with FaultServer(act) as shared:
        there = {"ISSUER": shared.issuer, "CLIENT_ID": "django-app"}
        there["CLIENT_SECRET"] = "s" * 20
        realms = {**now["REALMS"], "support": support, "shared": there}
        desk.settings.KC_EXCHANGE = {**now, "REALMS": realms}
        desk.configure(REALM="support")
        names = {"default": "acme", "globex": "globex"}
        desk.add(
            "analytics-api",
            STRATEGY="cross-realm",
            REALM="shared",
            SUBJECT_ISSUER=names,
        )
        assert desk.call("analytics-api").status_code == 200
        assert desk.start().realm == "support"
        assert desk.call("analytics-api").status_code == 200

        asked = [seen.form.get("subject_issuer") for seen in shared.asked]

    assert asked == ["acme", "acme"]
