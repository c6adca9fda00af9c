"""The strategies: how each of them is walked, and with whose token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange.doctor.brokered import by_broker
from kc_exchange.doctor.granted import by_grant
from kc_exchange.doctor.linked import by_link
from kc_exchange.doctor.own import by_forwarding, by_service_account
from kc_exchange.doctor.realm import has_credential
from kc_exchange.doctor.standard import by_exchange
from kc_exchange.doctor.way import EXCHANGE, HAND_ONE_IN, Way
from kc_exchange.tokens import SubjectToken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from kc_exchange.conf import Downstream, Strategy
    from kc_exchange.doctor.chart import Chart
    from kc_exchange.doctor.findings import Finding
    from kc_exchange.doctor.seen import Seen

_STRATEGIES: dict[Strategy, Callable[[Way], Iterator[Finding]]] = {
    "exchange": by_exchange,
    "cross-realm": by_broker,
    "external": by_broker,
    "jwt-grant": by_grant,
    "linked": by_link,
    "forward": by_forwarding,
    "service-account": by_service_account,
}
_WITHOUT_OWN = frozenset({"service-account", "cross-realm", "external"})
"""Strategies that can be looked at without a token of the requester's own."""


def walk(
    chart: Chart,
    downstream: Downstream,
    given: SubjectToken | None,
    realms: Mapping[str, Seen],
    *,
    users: str,
    is_named: bool,
) -> Iterator[Finding]:
    """Walk the way of one downstream by its strategy.

    Args:
        chart: for the findings.
        downstream: where the way leads.
        given: a user's token; without it the requester's own goes.
        realms: what is known of each, by alias.
        users: the alias of the realm whose users come.
        is_named: whether this downstream was asked for, and no other.
    """
    seen = realms.get(users)
    own = None if seen is None else seen.own
    if own is None and downstream.strategy in _WITHOUT_OWN:
        own = SubjectToken(value="", realm=users)
    token = given or own
    if token is None:
        yield _nobodys(chart, seen)
        return
    way = Way(
        chart=chart,
        downstream=downstream,
        subject=token,
        is_own=given is None,
        is_named=is_named,
        realms=realms,
    )
    yield from _STRATEGIES[downstream.strategy](way)


def _nobodys(chart: Chart, seen: Seen | None) -> Finding:
    """Say why there is no token to go the way with."""
    if seen is not None and has_credential(seen.realm) and not seen.is_usable:
        alias = seen.realm.alias
        why = f"something is wrong with the realm {alias}: see there"
        return chart.skipped(EXCHANGE, why)
    why = "there is no user's token, and no service account to take its place"
    return chart.skipped(EXCHANGE, why, HAND_ONE_IN)
