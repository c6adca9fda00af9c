"""Where a downstream's token comes from, and what happens when it is over."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import cache, downstream_session
from kc_exchange.context import using_subject_token
from kc_exchange.exceptions import (
    ExchangeMisconfigured,
    SubjectTokenExpired,
    SubjectTokenRejected,
    UnexpectedReply,
)
from kc_exchange.sources import FixedSubject
from kc_exchange.tokens import SubjectToken, unverified_claims
from tests.servers import grants, replies
from tests.sources.tools import Login, both, login, source

if TYPE_CHECKING:
    from tests.servers.site import Site

REJECTED = '{"error": "invalid_request", "error_description": "Invalid token"}'
CURRENT = 4_000_000_000.0


HOWS = pytest.mark.parametrize("how", ["sync", "async"])


@HOWS
def test_exchange__asks_once(site: Site, how: str) -> None:
    """A second question is answered from the cache, for another session as well."""
    alice = login(site, CURRENT)
    one = source(site, alice)
    first = both(one, how)

    assert both(one, how) is first
    assert both(source(site, Login(list(alice.tokens))), how) is first
    assert len(site.keycloak.asked) == 1


@HOWS
def test_exchange__renews_an_expired_subject_first(site: Site, how: str) -> None:
    """Keycloak is not asked with a token that is over."""
    subject = login(site, time.time() - 5, CURRENT)
    second = subject.tokens[1].value

    both(source(site, subject), how)

    assert subject.renewed == 1
    assert [seen.form["subject_token"] for seen in site.keycloak.asked] == [second]


@HOWS
def test_exchange__renews_a_rejected_subject_once(site: Site, how: str) -> None:
    """A token that Keycloak no longer takes is renewed, and the exchange repeated."""
    site.keycloak.acts = [replies(REJECTED, 400), grants()]
    subject = login(site, CURRENT, CURRENT)

    both(source(site, subject), how)

    assert subject.renewed == 1
    assert len(site.keycloak.asked) == 2


@HOWS
def test_exchange__makes_two_at_the_most(site: Site, how: str) -> None:
    """A user whom Keycloak refuses again is told, not asked for in a circle."""
    site.keycloak.acts = [replies(REJECTED, 400)]
    subject = login(site, *[CURRENT] * 9)

    with pytest.raises(SubjectTokenRejected):
        both(source(site, subject), how)

    assert subject.renewed == 1
    assert len(site.keycloak.asked) == 2


@HOWS
def test_exchange__sends_a_token_to_no_other_realm(site: Site, how: str) -> None:
    """Who issued the token may see it; the Keycloak of another realm may not."""
    token = SubjectToken(value=site.subject(), realm="tenant-b")

    with pytest.raises(ExchangeMisconfigured, match="'tenant-b'"):
        both(source(site, FixedSubject(token)), how)

    assert site.keycloak.requests == []


@HOWS
def test_exchange__without_renewal(site: Site, how: str) -> None:
    """A bearer token that is over is over, and nobody is asked (RFC 6750)."""
    subject = login(site, time.time() - 5)

    with pytest.raises(SubjectTokenExpired):
        both(source(site, subject), how)

    assert site.keycloak.requests == []


def test_exchange__of_two_users_does_not_mix(site: Site) -> None:
    """C35: fifty threads of many users each get their own user's token."""
    site.deadline = 5.0
    site.configure()
    names = [f"user-{n % 10}" for n in range(50)]
    made = {name: source(site, login(site, CURRENT, sub=name)) for name in set(names)}

    def ask(name: str) -> tuple[str, str]:
        return name, unverified_claims(made[name].token().value)["sub"]

    site.keycloak.acts = [grants_to_whom_it_concerns]
    with ThreadPoolExecutor(50) as pool:
        got = list(pool.map(ask, names))

    assert all(name == sub for name, sub in got)
    assert len(site.keycloak.asked) == 10


def grants_to_whom_it_concerns(wire: Any) -> bool:
    sub = unverified_claims(wire.seen.form["subject_token"])["sub"]
    return grants({}, {"sub": sub})(wire)


@pytest.mark.parametrize(
    "change",
    [
        {"SCOPES": ["orders:write"]},
        {"AUDIENCE": "billing-api"},
        {"STRATEGY": "service-account"},
    ],
    ids=["scope", "audience", "strategy"],
)
def test_key__differs_with_what_is_asked_for(site: Site, change: Any) -> None:
    """What decides about a token is in its key."""
    subject = login(site, CURRENT)
    source(site, subject).token()
    source(site, subject, **change).token()

    assert len(site.keycloak.asked) == len(cache.tokens) == 2


def test_key__differs_with_the_requester(site: Site) -> None:
    """Another client's token is another token."""
    subject = login(site, CURRENT)
    source(site, subject).token()
    site.realm["CLIENT_ID"] = "other-app"
    site.keycloak.acts = [grants({}, {"azp": "other-app"})]
    source(site, subject).token()

    assert len(cache.tokens) == 2


@HOWS
def test_forward__hands_on_the_users_token(site: Site, how: str) -> None:
    """No exchange; nothing is kept."""
    subject = login(site, CURRENT)
    made = source(site, subject, STRATEGY="forward")

    assert both(made, how).value == subject.tokens[0].value
    assert site.keycloak.requests == []
    assert len(cache.tokens) == 0


def test_forward__renews_what_is_over_or_was_refused(site: Site) -> None:
    """After a 401, or its expiry, the next token is sent."""
    subject = login(site, time.time() - 5, CURRENT, CURRENT)
    one, two, three = (token.value for token in subject.tokens)
    made = source(site, subject, STRATEGY="forward")

    first = made.token()
    made.discard(first)
    second = made.token()

    assert (first.value, second.value) == (two, three)
    assert one not in {first.value, second.value}


@pytest.mark.parametrize("value", ["a\r\nX-Admin: yes", "a b", "t\u00f6ken", ""])
def test_forward__of_what_no_header_may_hold(site: Site, value: str) -> None:
    """C16: such a token is neither sent nor quoted in the error."""
    site.orders["STRATEGY"] = "forward"
    site.configure()

    with (
        using_subject_token(value),
        downstream_session("orders-api") as session,
        pytest.raises(SubjectTokenRejected) as caught,
    ):
        session.get("x")

    assert "X-Admin" not in str(caught.value)
    assert site.downstream.requests == []


@HOWS
def test_service_account__needs_no_user(site: Site, how: str) -> None:
    """The requester's own token, cached like the others."""
    made = source(site, FixedSubject(None), STRATEGY="service-account")
    site.keycloak.acts = [grants({}, {"aud": ["orders-api", "account"], "sub": "svc"})]
    first = both(made, how)

    assert both(made, how) is first
    (seen,) = site.keycloak.asked
    assert seen.form == {"grant_type": "client_credentials", "scope": "orders:read"}
    made.discard(first)
    assert both(made, how) is not first


def test_service_account__for_another_audience(site: Site) -> None:
    """A token that the downstream would refuse is refused here, with the remedy."""
    site.keycloak.acts = [grants({}, {"aud": "account"})]
    made = source(site, FixedSubject(None), STRATEGY="service-account")

    with pytest.raises(UnexpectedReply, match="aud lacks orders-api") as caught:
        made.token()

    assert "audience mapper" in caught.value.fix
