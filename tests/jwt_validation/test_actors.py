"""Rows B57 and B58: who may act for whom."""

from __future__ import annotations

from kc_exchange.jwt_validation import validate
from kc_exchange.jwt_validation.actors import MAX_DEPTH
from tests.jwt_validation.refusals import refusal
from tests.jwt_validation.test_claims import ACTORS, depth


def test_actor__listed(issuer):
    """B57: an actor in ACTORS is accepted, and named with those before it."""
    act = {"sub": "bot", "act": {"sub": "gateway", "iss": "https://old.example"}}
    claims = validate(issuer.token(act=act), issuer.realm(actors=ACTORS))
    assert claims.actor is not None
    assert claims.actor.subject == "bot"
    assert [actor.subject for actor in claims.actors] == ["bot", "gateway"]


def test_actor__outermost_decides(issuer):
    """B57: who is listed but nested is history (RFC 8693 section 4.1)."""
    act = {"sub": "evil", "act": {"sub": "bot"}}
    refusal(issuer.token(act=act), issuer.realm(actors=ACTORS))


def test_actor__not_listed(issuer):
    """B57: without the setting, nobody acts for another."""
    refusal(issuer.token(act={"sub": "bot"}), issuer.realm())


def test_actor__for_one_client_only(issuer):
    """B57: an actor may act in the tokens of its clients alone."""
    realm = issuer.realm(actors={"bot": frozenset({"shop-web"})})
    assert validate(issuer.token(act={"sub": "bot"}), realm).actor
    refusal(issuer.token(act={"sub": "bot"}, azp="other-web"), realm)


def test_actor__at_the_limit(issuer):
    """B58: a chain of five is read."""
    claims = validate(issuer.token(act=depth(MAX_DEPTH)), issuer.realm(actors=ACTORS))
    assert len(claims.actors) == MAX_DEPTH
