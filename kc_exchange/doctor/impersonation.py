"""Impersonation at Keycloak: may the operator, and does it reach the target?

With the operator's token and a target it is really done, and the target's session is
ended at once; without a target nothing is begun.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from kc_exchange import conf, exchange
from kc_exchange.doctor.catalogue.entry import yes_if
from kc_exchange.doctor.ending import ended, fate
from kc_exchange.doctor.way import lifespan, seconds_of
from kc_exchange.exceptions import ExchangeError
from kc_exchange.requirements import IMPERSONATION_ROLE, MANAGEMENT
from kc_exchange.tokens import roles_of, unverified_claims

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from kc_exchange.doctor.catalogue.entry import Provision
    from kc_exchange.doctor.chart import Chart
    from kc_exchange.doctor.findings import Finding
    from kc_exchange.doctor.seen import Seen
    from kc_exchange.tokens import SubjectToken


class _Better(TypedDict, total=False):
    """What is known beyond what an error says."""

    code: str
    provision: Provision


START = "start"
_WANTS = (
    "Hand an operator's token in, and name a target: `manage.py kc_exchange doctor "
    "--user-token-stdin --target SUB`."
)


def may_impersonate(claims: Mapping[str, Any]) -> bool:
    """Tell whether a token carries what lets its holder impersonate."""
    return f"{MANAGEMENT}/{IMPERSONATION_ROLE}" in roles_of(claims)


def try_impersonation(
    chart: Chart, seen: Seen, operator: SubjectToken | None, target: str
) -> Iterator[Finding]:
    """See whether an operator may act as a target at Keycloak."""
    if not seen.is_usable:
        why = f"something is wrong with the realm {seen.realm.alias}: see there"
        yield chart.skipped(START, why)
    elif seen.legacy_refusal is not None:
        yield chart.of(START, seen.legacy_refusal)
    elif operator is None:
        yield chart.skipped(START, "no operator's token was given", _WANTS)
    elif not target:
        yield _may(chart, operator)
    else:
        yield from _done(chart, seen, operator, target)


def _may(chart: Chart, operator: SubjectToken) -> Finding:
    if may_impersonate(unverified_claims(operator.value)):
        return chart.skipped(
            START, "no target was named; the given token has the role", _WANTS
        )
    return chart.skipped(
        START, "no target was named, and the given token is no operator's", _WANTS
    )


def _done(
    chart: Chart, seen: Seen, operator: SubjectToken, target: str
) -> Iterator[Finding]:
    try:
        begun = exchange.impersonate(operator, target, seen.realm)
    except ExchangeError as error:
        yield chart.of(START, error, **_better(error, operator))
        return
    failures = ended(begun.id_token, begun.token, seen.realm)
    end = fate(begun.id_token, failures)
    said = f"Keycloak issued a token of the target; the session of it {end}."
    yield chart.holds(START, said)
    yield from lifespan(chart, START, seconds_of(begun.token.value))
    for failure in failures:
        yield chart.of(START, failure)


def _better(error: ExchangeError, operator: SubjectToken) -> _Better:
    """Keycloak says the same whatever the reason; the operator's token tells more."""
    if error.diagnosis != "impersonation_refused":
        return {}
    claims = unverified_claims(operator.value)
    if may_impersonate(claims):
        return {"code": "target_refused_for_operator"}
    is_operator = conf.current().impersonation.operator_role in roles_of(claims)
    # Whoever has OPERATOR_ROLE lacks only what `provision` puts into that role.
    return {"code": "operator_role_missing", "provision": yes_if(is_operator)}
