"""Strategy `linked`: the token that Keycloak keeps of a provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange import exchange
from kc_exchange.doctor.way import EXCHANGE, HAND_ONE_IN
from kc_exchange.exceptions import ExchangeError
from kc_exchange.sources.issuers import own_realm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.doctor.findings import Finding
    from kc_exchange.doctor.way import Way


def by_link(way: Way) -> Iterator[Finding]:
    """Ask for the provider's token, and throw it away."""
    provider = way.downstream.requested_issuer
    try:
        realm = own_realm(way.downstream, way.subject)
    except ExchangeError as error:
        yield way.refused(error)
        return
    seen = way.at(realm)
    if seen is None:
        yield way.closed(realm)
        return
    way = way.with_names(client=realm.client_id, realm=realm.alias, provider=provider)
    try:
        exchange.linked_token(way.subject, way.downstream, realm)
    except ExchangeError as error:
        if not (way.is_own and error.diagnosis == "not_linked"):
            yield way.refused_at(seen, error)
            return
        yield way.chart.holds(
            EXCHANGE, f"{realm.client_id} may exchange for tokens of {provider}."
        )
        why = "a service account is linked to nothing"
        yield way.chart.skipped(EXCHANGE, why, HAND_ONE_IN)
    else:
        yield way.chart.holds(EXCHANGE, f"Keycloak has a token of {provider}.")
