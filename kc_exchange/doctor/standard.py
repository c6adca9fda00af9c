"""Strategy `exchange`: the standard exchange, really done."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kc_exchange import exchange
from kc_exchange.doctor.way import look_at, why_not_available
from kc_exchange.exceptions import ExchangeError
from kc_exchange.sources.issuers import own_realm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.conf import Realm
    from kc_exchange.doctor.findings import Finding
    from kc_exchange.doctor.way import Way


def by_exchange(way: Way) -> Iterator[Finding]:
    """Exchange the token as a view would, and throw away what it brings."""
    try:
        realm = own_realm(way.downstream, way.subject)
    except ExchangeError as error:
        yield way.refused(error)
        return
    yield from exchanged(way, realm)


def exchanged(way: Way, realm: Realm) -> Iterator[Finding]:
    """Do one standard exchange in `realm`, and explain what came of it."""
    seen = way.at(realm)
    if seen is None:
        yield way.closed(realm)
        return
    way = way.with_names(client=realm.client_id, realm=realm.alias)
    asked_at = time.time()
    try:
        actor = exchange.service_account(realm) if way.downstream.actor else None
        token = exchange.exchange(way.subject, way.downstream, realm, actor=actor)
    except ExchangeError as error:
        if error.diagnosis == "audience_not_available":
            names = {"mapper": "audience_mapper_missing", "empty": "scopes_empty"}
            yield why_not_available(way, seen, error, **names)
        else:
            yield way.refused(error)
    else:
        yield from look_at(way, seen, token, asked_at)
