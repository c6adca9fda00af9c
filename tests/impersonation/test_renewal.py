"""A grant that outlasts its tokens: the first hop made again, by one request or two."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connections
from django.utils import timezone

from kc_exchange.exceptions import ExchangeDenied
from kc_exchange.impersonation import end, sweep
from kc_exchange.impersonation.errors import GrantEnded
from kc_exchange.impersonation.sources import GrantSubject
from kc_exchange.models import GrantToken
from kc_exchange.sources import FixedSubject
from kc_exchange.tokens import SubjectToken, unverified_claims
from tests.impersonation.desk import Cause, Grant, Type
from tests.impersonation.realm_desk import REALM, tokens_of

if TYPE_CHECKING:
    from tests.impersonation.realm_desk import RealmDesk

pytestmark = pytest.mark.django_db
LATER = timedelta(minutes=6)
"""The bundled realm's access tokens live for five."""


def assert_one_token(desk: RealmDesk, grant: Grant) -> None:
    """One current token is kept, and it is the target's one session at Keycloak."""
    (kept,) = GrantToken.objects.filter(grant_id=grant.pk)
    assert kept.current_for == grant.pk
    (value,) = desk.tokens(grant)
    assert desk.sessions() == (unverified_claims(value)["sid"],)


@pytest.mark.parametrize("url", ["/call/", "/acall/"])
def test_hop_one__expired(realm_desk: RealmDesk, url: str):
    """It is made again with the operator's refreshed token, and the former revoked."""
    desk = realm_desk
    grant = desk.start(minutes=60)
    assert_one_token(desk, grant)
    (before,) = desk.sessions()
    with time_machine.travel(timezone.now() + LATER):
        assert desk.call(url) == 200
        assert desk.received()["sub"] == desk.subject("alice")
        assert_one_token(desk, grant)
        assert desk.sessions() != (before,)
        assert len(desk.first_hops()) == 2
        assert {e.impersonator for e in desk.first_hops()} == {"olga"}
        assert len(desk.events(Type.TOKEN_REVOKED, grant=grant)) == 1
        assert desk.who() == "alice"
        desk.stop()
        assert desk.sessions() == ()
    assert not GrantToken.objects.exists()


def test_hop_one__operator_session_no_longer(realm_desk: RealmDesk):
    """The operator's refreshed token is kept, and the session ends when it would."""
    desk = realm_desk
    desk.start(minutes=60)
    row = Session.objects.get(session_key=desk.client.session.session_key)
    limit = row.expire_date = timezone.now() + timedelta(hours=1)
    row.save()
    with time_machine.travel(timezone.now() + LATER):
        assert desk.call() == 200
        assert len(desk.first_hops()) == 2
        row.refresh_from_db()
        assert row.expire_date <= limit
        desk.stop()
        assert desk.call() == 200
        assert desk.received()["sub"] == desk.subject("olga")


@pytest.mark.fault(19)
def test_hop_one__session_of_the_target_ended_at_keycloak(realm_desk: RealmDesk):
    """An administrator there may end it: the grant gets another one."""
    desk = realm_desk
    grant = desk.start()
    desk.keycloak.logout(REALM, "alice")
    assert desk.call() == 200
    assert_one_token(desk, grant)


class Overtaken:
    """An operator's subject; while it is asked, somebody else goes first."""

    def __init__(self, subject: Any, first: Any) -> None:
        self._subject = subject
        self._first = first

    def token(self) -> SubjectToken:
        """Let the other one go first, once."""
        first, self._first = self._first, lambda: None
        first()
        found: SubjectToken = self._subject.token()
        return found


def test_hop_one__two_requests_at_the_same_time(realm_desk: RealmDesk):
    """Both made a session of the target; one of them stays, and both calls use it."""
    desk = realm_desk
    grant = desk.start()
    value = tokens_of(desk.keycloak, "olga").access_token
    operator = FixedSubject(SubjectToken(value=value))
    rejected = GrantSubject(grant, operator).token()
    first = GrantSubject(grant, operator)
    second = GrantSubject(grant, Overtaken(operator, lambda: first.renew(rejected)))  # type: ignore[arg-type]
    for subject in (first, second):
        assert subject.token().value == rejected.value
    kept = second.renew(rejected)
    assert len(desk.first_hops()) == 3
    assert_one_token(desk, grant)
    assert [kept.value] == desk.tokens(grant)
    assert first.renew(rejected).value == kept.value
    assert len(desk.first_hops()) == 3
    assert len(desk.events(Type.TOKEN_REVOKED, grant=grant)) == 2


def test_hop_one__renewed_by_another_request(realm_desk: RealmDesk):
    """What another request has obtained is used, without a hop of one's own."""
    desk = realm_desk
    grant = desk.start()
    value = tokens_of(desk.keycloak, "olga").access_token
    operator = FixedSubject(SubjectToken(value=value))
    mine, others = (GrantSubject(grant, operator) for _ in range(2))
    rejected = mine.token()
    newer = others.renew(rejected)
    hops = len(desk.first_hops())
    assert mine.renew(rejected).value == newer.value
    assert len(desk.first_hops()) == hops


def test_hop_one__grant_ends_while_it_is_made(realm_desk: RealmDesk):
    """The token that comes too late is used by nobody, and revoked at once."""
    desk = realm_desk
    grant = desk.start()
    value = tokens_of(desk.keycloak, "olga").access_token
    operator = FixedSubject(SubjectToken(value=value))
    rejected = GrantSubject(grant, operator).token()
    late = GrantSubject(grant, Overtaken(operator, lambda: end(grant, Cause.FORCED)))  # type: ignore[arg-type]
    with pytest.raises(GrantEnded):
        late.renew(rejected)
    assert len(desk.first_hops()) == 2
    assert desk.sessions() == ()
    assert not GrantToken.objects.exists()


def test_sweep__token_of_a_grant_that_is_over(realm_desk: RealmDesk):
    """However a row came to be left, its token is revoked."""
    desk = realm_desk
    grant = desk.start()
    ended = {"ended_at": timezone.now(), "end_cause": "stopped", "open_for": None}
    Grant.objects.filter(pk=grant.pk).update(**ended)
    sweep()
    assert desk.sessions() == ()
    assert not GrantToken.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_hop_one__in_a_transaction_that_is_rolled_back(
    realm_desk: RealmDesk, monkeypatch: pytest.MonkeyPatch
):
    """The view crashes: the token it obtained is kept all the same, and revoked."""
    desk = realm_desk
    desk.client.raise_request_exception = False
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    grant = desk.start(minutes=60)
    with time_machine.travel(timezone.now() + LATER):
        assert desk.call("/call-crash/") == 500
        assert len(desk.service.tokens) == 1
        assert_one_token(desk, grant)
        assert len(desk.events(Type.TOKEN_ISSUED, grant=grant)) == 1
        assert desk.call() == 200
        assert len(desk.first_hops()) == 2
        desk.stop()
        assert desk.sessions() == ()


@pytest.mark.parametrize("url", ["/call/", "/acall/", "/catch/"])
@pytest.mark.parametrize("what", ["role", "session", "disabled", "target disabled"])
@pytest.mark.fault(6)
@pytest.mark.fault(19)
def test_keycloak__refuses_to_go_on(realm_desk: RealmDesk, what: str, url: str):
    """The grant ends with that cause, also where a view hides the error."""
    desk = realm_desk
    desk.start(mode="read-write", minutes=60)
    if what == "role":
        olga = desk.keycloak.realm(REALM).user("olga")
        olga.roles = {role for role in olga.roles if "impersonation" not in role}
    elif what == "session":
        desk.keycloak.logout(REALM, "olga")
    elif what == "disabled":
        desk.keycloak.set_user_enabled("olga", False)
    else:
        desk.keycloak.set_user_enabled("alice", False)
    try:
        with time_machine.travel(timezone.now() + LATER):
            desk.call(url)
            assert desk.service.requests == []
            assert desk.cause() == Cause.KEYCLOAK
            assert desk.client.post("/change/").status_code in {302, 403}
            assert desk.who() == "olga"
            assert desk.sessions() == ()
            assert desk.events(Type.TOKEN_DENIED)
    finally:
        for name in ("olga", "alice"):
            desk.keycloak.set_user_enabled(name, True)
        if what == "role":
            olga.roles |= {("realm-management", "impersonation")}


@pytest.mark.fault(2)
def test_keycloak__away_for_a_while(realm_desk: RealmDesk):
    """The call fails, the grant goes on, and so does everything when it is back."""
    desk = realm_desk
    grant = desk.start(minutes=60)
    with time_machine.travel(timezone.now() + LATER):
        desk.keycloak.fail_next(503, times=20, endpoint="token")
        assert desk.call() == 503
        assert desk.who() == "alice"
        desk.keycloak._faults.clear()
        assert desk.call() == 200
        assert_one_token(desk, grant)


def test_operator__token_of_a_request(realm_desk: RealmDesk):
    """Another person's token does not renew a grant: Keycloak is asked for nobody."""
    desk = realm_desk
    grant = desk.start()
    value = tokens_of(desk.keycloak, "alice").access_token
    subject = GrantSubject(grant, FixedSubject(SubjectToken(value=value)))
    rejected = subject.token()
    with pytest.raises(ExchangeDenied):
        subject.renew(rejected)
    assert subject.refused
