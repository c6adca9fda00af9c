"""Strategies `cross-realm` and `external`: another issuer's token, brought to a realm.

The exchange makes the user there the first time and begins a session each time. So it
is done with a user's token alone, and the session is ended at once.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

from kc_exchange import conf, exchange, transport
from kc_exchange.doctor.asking import ask, nobodys_token
from kc_exchange.doctor.ending import ended, fate
from kc_exchange.doctor.standard import exchanged
from kc_exchange.doctor.way import EXCHANGE, HAND_ONE_IN, lifespan, seconds_of
from kc_exchange.exceptions import ExchangeError, InvalidToken, UnexpectedReply
from kc_exchange.exchange import token_endpoint
from kc_exchange.exchange.broker import broker_form, brokered
from kc_exchange.exchange.broker_refusals import BROKER_ROWS
from kc_exchange.exchange.discard import discard
from kc_exchange.exchange.rows import Asked
from kc_exchange.sources.issuers import broker_realm, issuer_alias
from kc_exchange.tokens import ACCESS_TOKEN, TYPE, SubjectToken, unverified_claims

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.conf import Realm
    from kc_exchange.doctor.findings import Finding
    from kc_exchange.doctor.seen import Seen
    from kc_exchange.doctor.way import Way
    from kc_exchange.exchange import Brokered

_OPENID = frozenset({"openid"})


def for_login(way: Way) -> Iterator[Finding]:
    """Bring a provider's token there as `exchange_external` does: nothing is narrowed.

    The downstream of the way stands for the realm's own client.
    """
    yield from _by_broker(way, narrow=False)


def by_broker(way: Way) -> Iterator[Finding]:
    """Bring the token there, narrow what it becomes, and end the session."""
    yield from _by_broker(way, narrow=True)


def _by_broker(way: Way, *, narrow: bool) -> Iterator[Finding]:
    subject = _nobodys(way) if way.is_own else way.subject
    try:
        realm = broker_realm(way.downstream, subject)
    except ExchangeError as error:
        yield way.refused(error)
        return
    seen = way.at(realm)
    if seen is None:
        yield way.closed(realm)
        return
    provider = issuer_alias(way.downstream, subject)
    way = way.with_names(client=realm.client_id, realm=realm.alias, provider=provider)
    if way.is_own:
        yield from _tried(way, seen, subject, provider)
    else:
        yield from _done(way, seen, provider, narrow=narrow)


def _nobodys(way: Way) -> SubjectToken:
    """Return a token of the issuer that users would come from, and of nobody."""
    settings = conf.current()
    if way.downstream.strategy == "external":
        provider = settings.provider(way.downstream.subject_issuer(""))
        kind = "ID" if provider.token_type == "id_token" else "Bearer"  # noqa: S105
        return SubjectToken(
            value=nobodys_token(provider.issuer, typ=kind),
            realm=provider.realm,
            provider=provider.alias,
            token_type=f"{TYPE}{provider.token_type}",
        )
    issuer = settings.realm(way.subject.realm).issuer
    return SubjectToken(value=nobodys_token(issuer), realm=way.subject.realm)


def _tried(
    way: Way, seen: Seen, subject: SubjectToken, provider: str
) -> Iterator[Finding]:
    """See how far nobody's token gets: provider and permission are looked at before."""
    form = broker_form(subject, provider, seen.realm, frozenset())
    asked = Asked(rows=BROKER_ROWS, provider=provider)
    answer = ask(seen.realm, seen.token_url, form, asked)
    if answer.error is not None and answer.diagnosis != "external_rejected":
        yield way.refused_at(seen, answer.error, _better(way, answer.error))
        return
    yield way.chart.holds(
        EXCHANGE, f"The provider {provider} is known, and its tokens may be exchanged."
    )
    yield way.chart.skipped(
        EXCHANGE,
        "no user's token was given: this exchange makes the user there, and begins a "
        "session",
        HAND_ONE_IN,
    )


def _done(way: Way, seen: Seen, provider: str, *, narrow: bool) -> Iterator[Finding]:
    refusal = _refused_here(way)
    if refusal is not None:
        yield refusal
        return
    try:
        first = _brought(way, seen.realm, provider)
    except ExchangeError as error:
        yield way.refused_at(seen, error, _better(way, error))
        return
    failures: list[ExchangeError] = []
    try:
        # All of it before the first word: who reads on may stop.
        narrowed = list(_narrowed(way, seen.realm, first)) if narrow else []
    finally:
        failures = _ended(seen.realm, first)
    end = fate(first.id_token, failures)
    said = f"The realm took the token of {provider}; its session {end}."
    yield way.chart.holds(EXCHANGE, said)
    yield from narrowed
    for failure in failures:
        yield way.refused(failure)


def _better(way: Way, error: ExchangeError) -> str:
    """Return a code that says more than the error does here."""
    is_login = way.downstream.name not in conf.current().downstreams
    if error.diagnosis == "provider_unknown" and is_login:
        return "provider_not_there"
    return "external_rejected" if error.diagnosis == "external_rejected" else ""


def _brought(way: Way, realm: Realm, provider: str) -> Brokered:
    """Do the exchange; with `openid` comes the ID token that ends the session.

    Of scope no more is checked than where nobody asks for one, as views do. What does
    not hold began a session all the same, which is ended.
    """
    form = broker_form(way.subject, provider, realm, _OPENID)
    members = token_endpoint.ask(
        realm, form, may_repeat=False, rows=BROKER_ROWS, provider=provider
    )
    try:
        return brokered(members, way.subject, realm, frozenset())
    except UnexpectedReply:
        with transport.within(inf):  # as `ended` does
            discard(members, way.subject, realm)
        raise


def _refused_here(way: Way) -> Finding | None:
    """Say what can be told before Keycloak is asked."""
    subject = way.subject
    if subject.provider:
        try:
            exchange.admit(subject, conf.current().provider(subject.provider))
        except InvalidToken as error:
            return way.found("external_refused", why=error.reason)
        return None
    scope = unverified_claims(subject.value).get("scope")
    if subject.token_type == ACCESS_TOKEN and "openid" not in str(scope).split():
        return way.found("openid_missing")
    return None


def _narrowed(way: Way, realm: Realm, first: Brokered) -> Iterator[Finding]:
    if exchange.suffices(first.token, way.downstream):
        yield way.chart.holds(EXCHANGE, "Its token is for the downstream alone.")
        yield from lifespan(way.chart, EXCHANGE, seconds_of(first.token.value))
        return
    subject = SubjectToken(value=first.token.value, realm=realm.alias)
    yield from exchanged(replace(way, subject=subject), realm)


def _ended(realm: Realm, first: Brokered) -> list[ExchangeError]:
    token = SubjectToken(value=first.token.value, realm=realm.alias)
    return ended(first.id_token, token, realm)
