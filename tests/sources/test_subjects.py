"""Whom a call is for, and what is done when that is nobody."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import downstream_session
from kc_exchange.context import bind, bound_subject, using_subject_token
from kc_exchange.exceptions import (
    ExchangeMisconfigured,
    NoSubjectToken,
    SubjectTokenExpired,
    UnexpectedReply,
    UnknownDownstream,
)
from kc_exchange.signals import exchange_refused, token_exchanged
from kc_exchange.sources import FixedSubject
from kc_exchange.tokens import SubjectToken
from tests.servers import jwt_of, replies
from tests.sources.tools import source

if TYPE_CHECKING:
    from tests.servers.site import Site


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

    assert site.keycloak.requests == []
    assert site.downstream.requests == []


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
