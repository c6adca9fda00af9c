"""Services that are called under a grant: whose token they get, and until when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.test import AsyncClient

from kc_exchange import cache, conf
from kc_exchange.context import bound_subject
from kc_exchange.impersonation import current_grant, end
from kc_exchange.impersonation.errors import GrantEnded
from kc_exchange.impersonation.sources import GrantSubject
from kc_exchange.sources import FixedSubject, source_for
from kc_exchange.tokens import unverified_claims
from tests.impersonation.desk import Cause, Type
from tests.impersonation.test_record_fails import record_refuses

if TYPE_CHECKING:
    from tests.impersonation.realm_desk import RealmDesk

pytestmark = pytest.mark.django_db
URLS = ["/call/", "/acall/"]


def call(desk: RealmDesk, url: str) -> Any:
    """Call by the server that the page is made for."""
    if not url.startswith("/acall/"):
        return desk.client.get(url)
    browser: Any = AsyncClient()
    browser.cookies = desk.client.cookies
    return async_to_sync(browser.get)(url)


@pytest.mark.parametrize("url", URLS)
def test_token__is_the_targets(realm_desk: RealmDesk, url: str):
    """`sub` the target, `aud` the service, `azp` our client, the grant's session."""
    desk = realm_desk
    grant = desk.start()
    assert call(desk, url).status_code == 200
    claims = desk.received()
    assert claims["sub"] == desk.subject("alice")
    assert claims["aud"] == "orders-api"
    assert claims["azp"] == "django-app"
    assert claims["sid"] == grant.keycloak_sid
    assert desk.keycloak.exchanges[0].impersonator == "olga"
    assert grant.keycloak_jti == desk.first_hops()[0].token_id


@pytest.mark.parametrize("url", URLS)
def test_token__without_a_grant(realm_desk: RealmDesk, url: str):
    """Before the start and after the end it is the operator's, and never a mixture."""
    desk = realm_desk
    before = call(desk, url)
    desk.start()
    during = call(desk, url)
    desk.stop()
    after = call(desk, url)
    assert [a.status_code for a in (before, during, after)] == [200] * 3
    subjects = [unverified_claims(token)["sub"] for token in desk.service.tokens]
    assert subjects == [desk.subject(n) for n in ("olga", "alice", "olga")]


def test_token__forwarded(realm_desk: RealmDesk):
    """Where a service takes the user's own token, it is the target's too."""
    realm_desk.start()
    assert realm_desk.call("/call/?name=forwarded") == 200
    assert realm_desk.received()["sub"] == realm_desk.subject("alice")
    assert realm_desk.received()["azp"] == "django-app"


def test_token__of_the_operators_own_page(realm_desk: RealmDesk):
    """In a page of the operator's, as in the admin, it is the operator's token."""
    realm_desk.start()
    assert realm_desk.call("/own-call/") == 200
    assert realm_desk.received()["sub"] == realm_desk.subject("olga")
    assert realm_desk.call() == 200
    assert realm_desk.received()["sub"] == realm_desk.subject("alice")


def test_token__one_exchange_for_many_calls(realm_desk: RealmDesk):
    """The first hop is made once, at the start; the second once for each service."""
    desk = realm_desk
    grant = desk.start()
    assert [desk.call() for _ in range(5)] == [200] * 5
    assert len(desk.first_hops()) == 1
    assert len(desk.keycloak.exchanges) == 2
    issued = desk.events(Type.TOKEN_ISSUED, grant=grant)
    assert len(issued) == 5
    assert len(set(desk.service.tokens)) == 1


def test_token__recorded_before_it_is_used(realm_desk: RealmDesk):
    """Audience, scope, session and a hash of it; without the record, no call."""
    desk = realm_desk
    desk.start()
    with record_refuses(only=Type.TOKEN_ISSUED):
        assert desk.call() == 503
    assert desk.service.requests == []
    assert desk.call() == 200
    (issued,) = desk.events(Type.TOKEN_ISSUED)
    said = bytes(issued.payload).decode()
    claims = desk.received()
    for part in (
        '"audience":"orders-api"',
        '"strategy":"impersonate"',
        f'"jti":"{claims["jti"]}"',
        f'"sid":"{claims["sid"]}"',
        f'"exp":{claims["exp"]}',
    ):
        assert part in said, part


@pytest.mark.parametrize("name", ["orders-api", "forwarded", "own"])
@pytest.mark.parametrize("url", URLS)
def test_local_grant__calls_nobody(realm_desk: RealmDesk, name: str, url: str):
    """A grant that is local to Django has no token: not the operator's, not ours."""
    desk = realm_desk
    desk.configure(AT_KEYCLOAK="never")
    grant = desk.start()
    assert grant.is_local
    refused = call(desk, url if url == "/acall/" else f"{url}?name={name}")
    assert refused.status_code == 403
    assert b"local to Django" in refused.content
    assert b"AT_KEYCLOAK" in refused.content
    assert desk.service.requests == []
    (denied,) = desk.events(Type.TOKEN_DENIED)
    assert denied.code == "impersonation_is_local"
    assert desk.who() == "alice"
    assert desk.keycloak.requests("token") == 0


@pytest.mark.parametrize("url", URLS)
def test_linked_account__is_not_the_operators_to_use(realm_desk: RealmDesk, url: str):
    """What the target has linked elsewhere is out of reach, and the try is recorded."""
    desk = realm_desk
    desk.start()
    before = desk.keycloak.requests("token")
    refused = call(desk, f"{url}?name=linked")
    assert refused.status_code == 403
    assert b"account at another provider" in refused.content
    assert desk.service.requests == []
    assert desk.keycloak.requests("token") == before
    (denied,) = desk.events(Type.TOKEN_DENIED)
    assert denied.code == "forbidden_while_impersonating"


def test_token__never_longer_than_the_grant(realm_desk: RealmDesk):
    """What a service is called with is not used past the grant's end."""
    desk = realm_desk
    grant = desk.start(minutes=1)
    downstream = conf.current().downstream("orders-api")
    token = source_for(downstream, GrantSubject(grant, FixedSubject(None))).token()
    assert token.expires_at == grant.expires_at.timestamp()
    claims = unverified_claims(token.value)
    assert datetime.fromtimestamp(claims["exp"], UTC) > grant.expires_at
    with time_machine.travel(grant.expires_at), pytest.raises(GrantEnded):
        source_for(downstream, GrantSubject(grant, FixedSubject(None))).token()


def test_token__after_the_end(realm_desk: RealmDesk):
    """A source that outlives its request, in a thread or a stream, gives no more."""
    desk = realm_desk
    grant = desk.start()
    downstream = conf.current().downstream("orders-api")
    source = source_for(downstream, GrantSubject(grant, FixedSubject(None)))
    source.token()
    end(grant, Cause.FORCED)
    for ask in (source.token, async_to_sync(source.atoken)):
        with pytest.raises(GrantEnded):
            ask()
    assert len(cache.tokens) == 0


def test_cache__emptied_at_the_end(realm_desk: RealmDesk):
    """The grant's tokens are dropped, those of the operator are not."""
    desk = realm_desk
    assert desk.call() == 200
    desk.start()
    assert desk.call() == 200
    assert len(cache.tokens) == 2
    desk.stop()
    assert len(cache.tokens) == 1
    desk.keycloak.reset_counters()
    assert desk.call() == 200
    assert desk.keycloak.exchanges == []


def test_service__refuses_the_token(realm_desk: RealmDesk):
    """Another one is obtained, for the target again, and recorded before its use."""
    desk = realm_desk
    desk.start()
    challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    desk.service.answer_next(401, {}, headers=challenge)
    assert desk.call() == 200
    first, second = (unverified_claims(token) for token in desk.service.tokens)
    assert first["jti"] != second["jti"]
    assert first["sub"] == second["sub"] == desk.subject("alice")
    assert len(desk.events(Type.TOKEN_ISSUED)) == 2
    assert len(desk.first_hops()) == 1


def test_token__bound_to_nobody_after_the_request(realm_desk: RealmDesk):
    """Nothing of the target stays bound in the thread."""
    realm_desk.start()
    realm_desk.call()
    assert bound_subject().captured is None
    assert current_grant() is None
