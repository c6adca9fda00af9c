"""A user's token in another realm: exchanged there, or presented as an assertion."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from kc_exchange import cache, sources
from kc_exchange.exceptions import (
    ExchangeMisconfigured,
    ExchangeUnavailable,
    NotLinked,
    SubjectTokenRejected,
    UnexpectedReply,
)
from kc_exchange.sources import FixedSubject
from kc_exchange.tokens import SubjectToken, unverified_claims
from tests.servers import grants, jwt_of, replies
from tests.sources.domains import kinds
from tests.sources.tools import both

if TYPE_CHECKING:
    from tests.sources.domains import Domains

HOWS = pytest.mark.parametrize("how", ["sync", "async"])
REJECTED = replies(
    '{"error": "invalid_request", "error_description": "Invalid token"}', 400
)
UNLINKED = replies(
    '{"error": "invalid_grant", "error_description": "User not found"}', 400
)
BAD_EXTERNAL = replies(
    '{"error": "invalid_token", "error_description": "invalid token"}', 400
)
THERE = {"sub": "alice-there", "sid": "t"}


@HOWS
def test_cross_realm__exchanges_there_and_narrows(domains: Domains, how: str) -> None:
    """The first question names the issuer, the second one the audience."""
    domains.configure("cross-realm")

    token = both(domains.source(domains.login()), how)

    first, second = (seen.form for seen in domains.shared.asked)
    assert domains.own.requests == []
    assert first["subject_issuer"] == "default"
    assert unverified_claims(first["subject_token"])["sub"] == "alice"
    assert "audience" not in first
    assert second["audience"] == "analytics-api"
    assert second["scope"] == "analytics:read"
    assert unverified_claims(second["subject_token"])["sub"] == "alice-there"
    assert unverified_claims(token.value)["aud"] == "analytics-api"


def test_cross_realm__shares_the_first_token(domains: Domains) -> None:
    """Each of them begins a session there, so all downstreams of the realm use one."""
    domains.more = {"reports-api": {"SCOPES": ["reports:read"]}}
    domains.configure("cross-realm")
    alice = domains.login()

    domains.source(alice).token()
    domains.source(alice, "reports-api").token()

    exchange = "token-exchange"
    assert kinds(domains.shared) == ["subject_issuer", exchange, exchange]


def test_cross_realm__is_asked_once_by_a_crowd(domains: Domains) -> None:
    """Fifty threads share both questions."""
    domains.configure("cross-realm")
    made = domains.source(domains.login())

    with ThreadPoolExecutor(50) as pool:
        tokens = set(pool.map(lambda _: made.token().value, range(50)))

    assert len(tokens) == 1
    assert kinds(domains.shared) == ["subject_issuer", "token-exchange"]


def test_cross_realm__of_a_token_that_is_narrow_already(domains: Domains) -> None:
    """What is for the downstream alone needs no second question."""
    domains.shared.acts = [grants({"scope": "a b"}, {"aud": "analytics-api"})]
    domains.configure("cross-realm", SCOPES=["b"])

    token = domains.source(domains.login()).token()

    assert kinds(domains.shared) == ["subject_issuer"]
    assert token.scope == {"a", "b"}


def test_cross_realm__that_the_service_refuses_is_not_sent_again(
    domains: Domains,
) -> None:
    """The first token was the service's as it was: it is dropped as well."""
    domains.shared.acts = [grants({"scope": "b"}, {"aud": "analytics-api"})]
    domains.configure("cross-realm", SCOPES=["b"])
    source = domains.source(domains.login())
    refused = source.token()

    source.discard(refused)

    assert source.token().value != refused.value
    assert kinds(domains.shared) == ["subject_issuer", "subject_issuer"]


def test_cross_realm__begins_anew_where_its_session_is_over(domains: Domains) -> None:
    """The user's own token is good: it is not refreshed for that."""
    domains.shared.acts = [grants({}, THERE), REJECTED, grants({}, THERE)]
    domains.configure("cross-realm")
    alice = domains.login()

    domains.source(alice).token()

    assert alice.renewed == 0
    pair = ["subject_issuer", "token-exchange"]
    assert kinds(domains.shared) == pair * 2


def test_cross_realm__begins_anew_once(domains: Domains) -> None:
    """A realm that takes nothing of what it issues is not asked in a circle."""
    domains.shared.acts = [
        grants({}, THERE), REJECTED, grants({}, THERE), REJECTED, grants({}, THERE),
    ]  # fmt: skip
    domains.configure("cross-realm")

    with pytest.raises(ExchangeUnavailable, match="'shared'"):
        domains.source(domains.login()).token()

    assert len(domains.shared.asked) == 4


@HOWS
def test_cross_realm__refreshes_what_the_issuer_refuses(
    domains: Domains, how: str
) -> None:
    """The realm asks the user's own about the token, and says no."""
    domains.shared.acts = [BAD_EXTERNAL, grants({}, THERE)]
    domains.configure("cross-realm")
    alice = domains.login("1", "2")

    both(domains.source(alice), how)

    assert alice.renewed == 1
    sent = [seen.form["subject_token"] for seen in domains.shared.asked[:2]]
    assert [unverified_claims(token)["jti"] for token in sent] == ["1", "2"]


def test_cross_realm__names_its_issuer_by_the_settings(domains: Domains) -> None:
    """An alias for `default`, or one for each."""
    for named in ("acme", {"default": "acme", "shared": "other"}):
        domains.configure("cross-realm", SUBJECT_ISSUER=named)
        domains.source(domains.login(str(named))).token()

    asked = [s.form for s in domains.shared.asked if "subject_issuer" in s.form]
    assert [form["subject_issuer"] for form in asked] == ["acme", "acme"]


@pytest.mark.parametrize("strategy", ["cross-realm", "jwt-grant"])
def test_another_realm__is_not_the_users_own(domains: Domains, strategy: str) -> None:
    """A token of that realm needs no such way; the error names the right one."""
    domains.configure(strategy)
    token = SubjectToken(value=jwt_of(iss=domains.shared.issuer), realm="shared")

    with pytest.raises(ExchangeMisconfigured, match="already") as caught:
        domains.source(FixedSubject(token)).token()

    assert "'exchange'" in caught.value.fix
    assert domains.shared.requests == domains.own.requests == []


@HOWS
def test_jwt_grant__presents_an_assertion_and_narrows(
    domains: Domains, how: str
) -> None:
    """One exchange at home for the other realm's issuer, two questions there."""
    domains.shared.acts = [grants({}, {**THERE, "aud": ["analytics-api", "account"]})]
    domains.shared.acts.append(grants({}, THERE))
    domains.configure("jwt-grant", ASSERTION_SCOPES=["to-shared"])

    token = both(domains.source(domains.login()), how)

    (home,) = (seen.form for seen in domains.own.asked)
    assert home["audience"] == domains.shared.issuer
    assert home["scope"] == "to-shared"
    grant, narrowing = (seen.form for seen in domains.shared.asked)
    assert unverified_claims(grant["assertion"])["aud"] == domains.shared.issuer
    assert grant["scope"] == "analytics:read"
    assert narrowing["audience"] == "analytics-api"
    assert unverified_claims(token.value)["aud"] == "analytics-api"


def test_jwt_grant__of_a_token_that_is_narrow_already(domains: Domains) -> None:
    domains.shared.acts = [grants({}, {**THERE, "aud": "analytics-api"})]
    domains.configure("jwt-grant")

    domains.source(domains.login()).token()

    assert kinds(domains.shared) == ["assertion"]


def test_jwt_grant__sends_no_assertion_twice(domains: Domains) -> None:
    """Keycloak takes each once: a second downstream gets one of its own."""
    domains.more = {"reports-api": {"SCOPES": ["reports:read"]}}
    domains.configure("jwt-grant")
    alice = domains.login()

    domains.source(alice).token()
    domains.source(alice, "reports-api").token()

    asked = [seen.form for seen in domains.shared.asked]
    sent = [form["assertion"] for form in asked if "assertion" in form]
    assert len(sent) == len(set(sent)) == 2


def test_jwt_grant__of_somebody_without_a_link(domains: Domains) -> None:
    """The grant makes no users: somebody has to link them, and is told how."""
    domains.shared.acts = [UNLINKED]
    domains.configure("jwt-grant")
    alice = domains.login("1", "2")

    with pytest.raises(NotLinked) as caught:
        domains.source(alice).token()

    assert "'shared'" not in caught.value.cause
    assert "shared" in caught.value.cause
    assert alice.renewed == 0
    assert len(domains.shared.asked) == 1


def test_jwt_grant__refreshes_what_is_refused_at_home(domains: Domains) -> None:
    domains.own.acts = [REJECTED, grants({}, {"azp": "gateway", "sid": "s"})]
    domains.configure("jwt-grant")
    alice = domains.login("1", "2")

    domains.source(alice).token()

    assert alice.renewed == 1


def test_jwt_grant__whose_token_is_refused_at_once(domains: Domains) -> None:
    """That is no matter of the user's login."""
    wide = {**THERE, "aud": ["analytics-api", "account"]}
    domains.shared.acts = [grants({}, wide), REJECTED]
    domains.configure("jwt-grant")
    alice = domains.login("1", "2")

    with pytest.raises(ExchangeUnavailable):
        domains.source(alice).token()

    assert alice.renewed == 0


@pytest.mark.parametrize("strategy", ["cross-realm", "jwt-grant"])
def test_another_realm__answers_with_what_was_sent(
    domains: Domains, strategy: str
) -> None:
    """A token that comes back as it went is nobody's grant."""

    def echoes(wire: object) -> bool:
        form = wire.seen.form  # type: ignore[attr-defined]
        sent = form.get("assertion") or form["subject_token"]
        return grants({"access_token": sent})(wire)  # type: ignore[arg-type]

    domains.shared.acts = [echoes]
    domains.configure(strategy)

    with pytest.raises(UnexpectedReply):
        domains.source(domains.login()).token()


def test_forget__drops_the_first_token_too(domains: Domains) -> None:
    """After a logout nothing of the token is left, on either level."""
    domains.configure("cross-realm")
    alice = domains.login()
    domains.source(alice).token()
    assert (len(cache.tokens), len(cache.brokered)) == (1, 1)

    sources.forget(alice.tokens[0])

    assert (len(cache.tokens), len(cache.brokered)) == (0, 0)


def test_not_before__drops_both_levels(domains: Domains) -> None:
    """A realm that declares older tokens void means those, too."""
    domains.configure("cross-realm")
    domains.source(domains.login()).token()
    later = int(time.time()) - 10
    page = replies(f'{{"tokens-not-before": {later}}}')
    late = grants({"not-before-policy": later}, THERE)
    domains.shared.acts = [late, page, late]

    domains.source(domains.login("2")).token()

    # What is left was answered with that policy.
    assert (len(cache.tokens), len(cache.brokered)) == (1, 1)
    asked = len(domains.shared.asked)
    domains.source(domains.login()).token()
    assert len(domains.shared.asked) == asked + 2


def test_rejection__is_the_users_where_it_lasts(domains: Domains) -> None:
    """After one refresh the user is told to log in again."""
    domains.shared.acts = [BAD_EXTERNAL]
    domains.configure("cross-realm")
    alice = domains.login("1", "2")

    with pytest.raises(SubjectTokenRejected, match="openid"):
        domains.source(alice).token()

    assert alice.renewed == 1
    assert len(domains.shared.asked) == 2
