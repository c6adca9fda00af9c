"""The start where Keycloak has its say: what it refuses, and what is left of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kc_exchange.models import GrantToken, KeycloakIdentity
from tests.impersonation.desk import Cause, Grant, Type, person
from tests.impersonation.realm_desk import REALM
from tests.impersonation.test_record_fails import record_refuses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.impersonation.realm_desk import RealmDesk

pytestmark = pytest.mark.django_db


def assert_nothing_begun(desk: RealmDesk, code: str) -> None:
    """No session of the target, no token, one record that says why."""
    assert desk.sessions() == ()
    assert not GrantToken.objects.exists()
    assert not Grant.objects.filter(ended_at=None).exists()
    (denied,) = desk.events(Type.START_DENIED)
    assert (denied.outcome, denied.code) == ("failure", code)
    assert denied.operator_name == "olga"
    assert denied.target_name
    assert desk.who() == "olga"


def without_role(desk: RealmDesk) -> None:
    olga = desk.keycloak.realm(REALM).user("olga")
    olga.roles = {role for role in olga.roles if "impersonation" not in role}


@pytest.fixture
def role_given_back(realm_desk: RealmDesk) -> Iterator[None]:
    """Let the realm, which the tests share, be as it was."""
    yield
    realm_desk.keycloak.realm(REALM).user("olga").roles |= {
        ("realm-management", "impersonation")
    }
    realm_desk.keycloak.set_user_enabled("alice", True)


@pytest.mark.usefixtures("role_given_back")
@pytest.mark.parametrize(
    ("change", "code", "status", "told"),
    [
        (without_role, "exchange_denied", 403, "realm-management"),
        (
            lambda desk: desk.keycloak.set_user_enabled("alice", False),
            "exchange_denied",
            403,
            "",
        ),
        (
            lambda desk: desk.keycloak.set_features(),
            "exchange_misconfigured",
            500,
            "token-exchange",
        ),
        (
            lambda desk: desk.keycloak.fail_next(503, times=20),
            "exchange_unavailable",
            503,
            "",
        ),
        (
            lambda desk: desk.keycloak.logout(REALM, "olga"),
            "subject_token_rejected",
            None,
            "",
        ),
    ],
    ids=["role", "target disabled", "feature", "away", "operator's session"],
)
def test_start__refused_at_keycloak(
    realm_desk: RealmDesk,
    change: Callable[[RealmDesk], object],
    code: str,
    status: int | None,
    told: str,
):
    """Nothing begins, the operator stays who they are; the record has the code."""
    desk = realm_desk
    desk.settings.DEBUG = True
    change(desk)
    refused = desk.attempt()
    assert status in {None, refused.status_code}
    assert told in refused.content.decode()
    desk.keycloak._faults.clear()
    (denied,) = desk.events(Type.START_DENIED)
    assert denied.code in {code, "subject_token_expired"}
    assert_nothing_begun(desk, denied.code)
    (grant,) = Grant.objects.all()
    assert grant.end_cause == Cause.NOT_STARTED


def test_start__operator_without_keycloak(realm_desk: RealmDesk):
    """Cause and fix are said, before Keycloak is asked anything."""
    desk = realm_desk
    desk.client.force_login(desk.operator)
    session = desk.client.session
    session.pop("_kc_exchange", None)
    session.save()
    refused = desk.attempt()
    assert refused.status_code == 403
    assert b"logged in without Keycloak" in refused.content
    assert b"Log in through Keycloak" in refused.content
    assert_nothing_begun(desk, "operator_not_at_keycloak")
    assert desk.keycloak.requests("token") == 0


def test_start__target_that_keycloak_does_not_know(realm_desk: RealmDesk):
    desk = realm_desk
    refused = desk.attempt(person("carl"))
    assert refused.status_code == 403
    assert b"never logged in here through Keycloak" in refused.content
    assert_nothing_begun(desk, "target_not_at_keycloak")
    assert desk.keycloak.requests("token") == 0


def test_start__target_of_another_issuer(realm_desk: RealmDesk):
    """A subject of another Keycloak is nobody's here, though it be spelt the same."""
    desk = realm_desk
    KeycloakIdentity.objects.filter(user=desk.target).update(issuer="https://other")
    assert desk.attempt().status_code == 403
    assert_nothing_begun(desk, "other_realm")


@pytest.mark.parametrize("missing", ["operator", "target"])
def test_start__local_where_the_setting_says_so(realm_desk: RealmDesk, missing: str):
    """With "if-known", that is where Keycloak does not know one of the two."""
    desk = realm_desk
    desk.configure(AT_KEYCLOAK="if-known")
    target = desk.target
    if missing == "operator":
        session = desk.client.session
        session.pop("_kc_exchange", None)
        session.save()
    else:
        target = person("carl")
    grant = desk.start(target)
    assert grant.is_local
    assert desk.who() == target.username
    assert desk.call() == 403
    assert desk.service.requests == []
    desk.stop()
    assert desk.keycloak.requests("token") == 0


def test_start__at_keycloak_where_both_are_known(realm_desk: RealmDesk):
    desk = realm_desk
    desk.configure(AT_KEYCLOAK="if-known")
    grant = desk.start()
    assert not grant.is_local
    assert grant.operator_subject == desk.subject("olga")
    assert grant.target_subject == desk.subject("alice")
    assert desk.call() == 200


@pytest.mark.usefixtures("role_given_back")
def test_start__not_local_where_keycloak_refuses(realm_desk: RealmDesk):
    """The setting "if-known" is about who is known; a refusal stays a refusal."""
    desk = realm_desk
    desk.configure(AT_KEYCLOAK="if-known")
    without_role(desk)
    assert desk.attempt().status_code == 403
    assert_nothing_begun(desk, "exchange_denied")


def test_start__more_roles_at_keycloak(realm_desk: RealmDesk):
    """A role of the target's that the operator lacks: refused, its session ended."""
    desk = realm_desk
    desk.configure(ORDINARY_ROLES=[])
    refused = desk.attempt()
    assert refused.status_code == 403
    assert b"roles that you do not have: customer" in refused.content
    assert_nothing_begun(desk, "more_roles")
    assert len(desk.first_hops()) == 1


def test_start__record_fails_after_the_first_hop(realm_desk: RealmDesk):
    """The session that Keycloak began for nothing is ended."""
    desk = realm_desk
    with record_refuses(only=Type.START_GRANTED):
        assert desk.attempt().status_code == 503
    assert len(desk.first_hops()) == 1
    assert desk.sessions() == ()
    assert not GrantToken.objects.exists()
    assert desk.cause() == Cause.NOT_STARTED


def test_start__record_fails_before_the_first_hop(realm_desk: RealmDesk):
    """Keycloak is not asked for what cannot be recorded."""
    desk = realm_desk
    with record_refuses():
        assert desk.attempt().status_code == 503
    assert desk.first_hops() == []
    assert desk.who() == "olga"


def test_start__operator_token_expired(realm_desk: RealmDesk):
    """It is refreshed once, and the operator's session keeps the new one."""
    desk = realm_desk
    desk.keycloak.advance(6 * 60)
    desk.start()
    assert desk.first_hops()[0].impersonator == "olga"
    assert desk.keycloak.requests("token") == 3
    desk.stop()
    assert desk.call() == 200
    assert desk.received()["sub"] == desk.subject("olga")
