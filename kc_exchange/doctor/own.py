"""Strategies that exchange nothing: `service-account` and `forward`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange import conf, exchange
from kc_exchange.doctor.asking import ask
from kc_exchange.doctor.subject import listed
from kc_exchange.doctor.way import (
    EXCHANGE,
    HAND_ONE_IN,
    lifespan,
    seconds_of,
    why_nothing_came,
)
from kc_exchange.exceptions import ExchangeError, printable
from kc_exchange.exchange.check import audience_of
from kc_exchange.exchange.grants import scope_parameter
from kc_exchange.sources.issuers import own_realm
from kc_exchange.tokens import unverified_claims

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.conf import Realm
    from kc_exchange.doctor.findings import Finding
    from kc_exchange.doctor.way import Way


def by_service_account(way: Way) -> Iterator[Finding]:
    """Ask for the requester's own token with the downstream's scopes."""
    realm = conf.current().realm(way.downstream.realm)
    if way.at(realm) is None:
        yield way.closed(realm)
        return
    way = way.with_names(client=realm.client_id, realm=realm.alias)
    try:
        token = exchange.client_credentials(way.downstream, realm)
    except ExchangeError as error:
        if error.diagnosis == "own_audience_missing":
            yield _why_missing(way, realm, error)
        else:
            yield way.refused(error)
        return
    yield way.chart.holds(EXCHANGE, "The service account is given a token for it.")
    yield from lifespan(way.chart, EXCHANGE, seconds_of(token.value))


def _why_missing(way: Way, realm: Realm, error: ExchangeError) -> Finding:
    """Ask once more, and read what the token says that is not for the downstream."""
    scopes = scope_parameter(way.downstream.scopes)
    form = [("grant_type", "client_credentials"), *scopes]
    answer = ask(realm, way.realms[realm.alias].token_url, form)
    return why_nothing_came(way, answer) or way.refused(error)


def by_forwarding(way: Way) -> Iterator[Finding]:
    """Look at the user's token, which goes as it is."""
    if way.is_own:
        yield way.chart.skipped(EXCHANGE, "no user's token was given", HAND_ONE_IN)
        return
    try:
        realm = own_realm(way.downstream, way.subject)
    except ExchangeError as error:
        yield way.refused(error)
        return
    if way.downstream.base_url.startswith(f"{realm.issuer}/"):
        said = "It is Keycloak itself, which takes the user's own token."
        yield way.chart.holds(EXCHANGE, said)
        return
    claims = unverified_claims(way.subject.value)
    audiences = audience_of(claims)
    if way.downstream.audience in audiences:
        yield way.chart.holds(EXCHANGE, "The user's own token is for it, too.")
    else:
        yield way.found(
            "forward_audience",
            audiences=listed(audiences),
            login_client=printable(claims.get("azp", "")),
        )
