"""Where a downstream's token comes from, and what happens when it is over."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import cache, conf, downstream_session
from kc_exchange.context import bind, bound_subject, using_subject_token
from kc_exchange.exceptions import (
    ExchangeMisconfigured,
    NoSubjectToken,
    SubjectTokenExpired,
    SubjectTokenRejected,
    UnexpectedReply,
    UnknownDownstream,
)
from kc_exchange.signals import exchange_refused, token_exchanged
from kc_exchange.sources import FixedSubject, source_for
from kc_exchange.tokens import SubjectToken, unverified_claims
from tests.servers import grants, jwt_of, replies

if TYPE_CHECKING:
    from tests.servers.site import Site

REJECTED = '{"error": "invalid_request", "error_description": "Invalid token"}'
CURRENT = 4_000_000_000.0


@dataclass
class Login:
    """A subject whose tokens are renewed as a session's are."""

    tokens: list[SubjectToken]
    renewed: int = 0
    asked: list[str] = field(default_factory=list)

    @property
    def captured(self) -> SubjectToken | None:
        """What has been captured already."""
        return self.tokens[0] if self.asked else None

    def token(self) -> SubjectToken:
        """Return the current token."""
        self.asked.append(threading.current_thread().name)
        return self.tokens[0]

    def renew(self, rejected: SubjectToken) -> SubjectToken:
        """Go on to the next token."""
        assert rejected is self.tokens[0]
        self.renewed += 1
        if len(self.tokens) == 1:
            raise SubjectTokenExpired
        self.tokens.pop(0)
        return self.tokens[0]


def login(site: Site, *expiries: float, **claims: Any) -> Login:
    values = [site.subject(jti=str(n), **claims) for n in range(len(expiries))]
    return Login(
        [
            SubjectToken(value=value, expires_at=at)
            for value, at in zip(values, expiries, strict=True)
        ]
    )


def source(site: Site, subject: Any, **changes: Any) -> Any:
    site.orders |= changes
    site.configure()
    return source_for(conf.current().downstream("orders-api"), subject)


def both(made: Any, how: str) -> Any:
    return made.token() if how == "sync" else asyncio.run(made.atoken())


HOWS = pytest.mark.parametrize("how", ["sync", "async"])


@HOWS
def test_exchange__asks_once(site: Site, how: str) -> None:
    """A second question is answered from the cache, for another session as well."""
    one = source(site, login(site, CURRENT))
    first = both(one, how)

    assert both(one, how) is first
    assert both(source(site, login(site, CURRENT)), how) is first
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


def test_subject__lightweight_token_is_compared_by_its_session(site: Site) -> None:
    """A subject token without `sub` is the same user's if its session is the same."""
    subject = FixedSubject(SubjectToken(value=without_sub(site, "session-of-alice")))
    source(site, subject).token()

    stranger = FixedSubject(SubjectToken(value=without_sub(site, "another-session")))
    with pytest.raises(UnexpectedReply, match="sid is not the user's"):
        source(site, stranger).token()


def without_sub(site: Site, sid: str) -> str:
    return jwt_of(iss=site.keycloak.issuer, azp="django-app", sid=sid)


def test_subject__that_is_no_jwt(site: Site) -> None:
    """Whose token it is cannot be compared, so the exchanged one is not used."""
    site.refuses(UnexpectedReply, "opaque-subject-token")


def test_subject__longer_than_keycloak_reads(site: Site) -> None:
    """It is not sent: Keycloak would cut it off, or drop it without a word."""
    error = site.refuses(ExchangeMisconfigured, site.subject(pad="x" * 20_000))

    assert "longer than the 20000 characters" in error.cause
    assert site.keycloak.asked == []


def test_scopes__longer_than_keycloak_reads(site: Site) -> None:
    """Beyond 4,000 characters Keycloak ignores parameters silently."""
    site.orders["SCOPES"] = [f"scope-{n:0100}" for n in range(40)]

    assert "characters" in site.refuses(ExchangeMisconfigured).cause


def test_nobody__is_an_answer_only_when_asked(site: Site) -> None:
    """Pitfall 17: a session may be built, and a call without a user is not sent."""
    site.configure()
    with downstream_session("orders-api") as session, pytest.raises(NoSubjectToken):
        session.get("x")

    assert site.keycloak.requests == site.downstream.requests == []


def test_audience__that_is_not_configured(site: Site) -> None:
    """Pitfall 15: an audience from outside is looked up, never sent on."""
    site.configure()

    with pytest.raises(UnknownDownstream, match="evil-api"):
        downstream_session("evil-api")

    assert site.keycloak.requests == []


def fail_as(value: str) -> None:
    assert bound_subject().token().value == value
    raise ZeroDivisionError


def test_using_subject_token__binds_for_the_block_alone(site: Site) -> None:
    """Whoever was bound before is bound again, also after an exception."""
    outer, inner = (FixedSubject(SubjectToken(value=v)) for v in ("outer", "inner"))
    with bind(outer):
        with pytest.raises(ZeroDivisionError), bind(inner):
            fail_as("inner")
        assert bound_subject().token().value == "outer"
        with using_subject_token("third", realm="other"):
            assert bound_subject().token().realm == "other"

    with pytest.raises(NoSubjectToken):
        bound_subject().token()


def test_using_subject_token__knows_the_expiry(site: Site) -> None:
    """A token that is over is not sent to Keycloak."""
    expired = site.subject(exp=1_600_000_000)

    site.refuses(SubjectTokenExpired, expired)

    assert site.keycloak.requests == []


def test_session__keeps_whom_it_was_made_for(site: Site) -> None:
    """A session that outlives the block still calls for the same user."""
    site.configure()
    with using_subject_token(site.subject()):
        session = downstream_session("orders-api")
    with session:
        assert session.get("x").status_code == 200


def test_signals__tell_without_a_token(site: Site, caplog: Any) -> None:
    """One signal and one line for each question, and none of them holds a token."""
    told: list[dict[str, Any]] = []

    def receive(sender: object, **facts: Any) -> None:
        told.append(facts)

    token_exchanged.connect(receive)
    exchange_refused.connect(receive)
    try:
        subject = site.subject()
        site.call(subject)
        site.call(subject)
        site.keycloak.acts = [replies(json.dumps({"error": "access_denied"}), 403)]
        with pytest.raises(Exception, match="refuses this exchange"):
            site.call(site.subject(jti="2"))
    finally:
        token_exchanged.disconnect(receive)
        exchange_refused.disconnect(receive)

    assert [facts["cache"] for facts in told] == ["miss", "miss"]
    assert {facts["audience"] for facts in told} == {"orders-api"}
    assert subject not in repr(told) + caplog.text
    assert site.downstream.tokens[0] not in repr(told) + caplog.text


def test_subject_token__replaced_keeps_hiding() -> None:
    """A copy with another realm hides its text as well."""
    token = replace(SubjectToken(value="secret"), realm="other")

    assert "secret" not in repr(token) + repr(token.value)
