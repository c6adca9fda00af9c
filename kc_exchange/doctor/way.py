"""The way of one token to one downstream, being walked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kc_exchange.doctor.asking import ask, exchange_form
from kc_exchange.doctor.catalogue.entry import YES
from kc_exchange.doctor.chart import Chart
from kc_exchange.doctor.requester import context_of
from kc_exchange.doctor.server import compare_clocks
from kc_exchange.doctor.subject import listed
from kc_exchange.exchange.check import audience_of
from kc_exchange.exchange.grants import scope_parameter
from kc_exchange.requirements import LONGEST, SHORTEST
from kc_exchange.tokens import expiry_of, issue_of, unverified_claims

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from kc_exchange.conf import Downstream, Realm
    from kc_exchange.doctor.asking import Answer
    from kc_exchange.doctor.catalogue.entry import Provision
    from kc_exchange.doctor.findings import Finding, State
    from kc_exchange.doctor.seen import Seen
    from kc_exchange.exceptions import ExchangeError
    from kc_exchange.tokens import AccessToken, SubjectToken

EXCHANGE = "exchange"
_OF_USERS = frozenset(
    {"audience_not_available", "role_missing", "consent_missing", "policy_refuses"}
    | {"scope_not_in_subject", "denied", "requester_not_in_audience"}
)
"""Refusals that hold for one user, and may not for the next."""
_OF_ISSUERS = frozenset({"other_realm", "same_realm", "other_provider"}) | {
    "provider_token"
}
"""Refusals of one issuer's tokens by a downstream that may be for another's."""
_FINE_GRAINED = "ADMIN_FINE_GRAINED_AUTHZ"
HAND_ONE_IN = (
    "Hand a user's token in: `manage.py kc_exchange doctor --user-token-stdin`."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One downstream, and a token that is to become one for it."""

    chart: Chart
    downstream: Downstream
    subject: SubjectToken = field(repr=False)
    is_own: bool
    """Whether it is the requester's own: no user's token was handed in."""
    is_named: bool = True
    """Whether this downstream was asked for, and no other."""
    realms: Mapping[str, Seen]

    def with_names(self, **names: str) -> Way:
        """Return the same way with more names for its findings."""
        return replace(self, chart=self.chart.named(**names))

    def at(self, realm: Realm) -> Seen | None:
        """Return what is known of a realm; None where its client is not usable."""
        seen = self.realms.get(realm.alias)
        return seen if seen is not None and seen.is_usable else None

    def closed(self, realm: Realm) -> Finding:
        """Say that the way ends at a realm where something is wrong."""
        return self.chart.skipped(
            EXCHANGE, f"something is wrong with the realm {realm.alias}: see there"
        )

    def refused(
        self,
        error: ExchangeError,
        code: str = "",
        step: str = EXCHANGE,
        provision: Provision | None = None,
    ) -> Finding:
        """Say why it does not go on; of our own token that is no proof for users."""
        state = self._state(code or error.diagnosis)
        return self.chart.of(step, error, code, state, provision)

    def refused_at(self, seen: Seen, error: ExchangeError, code: str = "") -> Finding:
        """Do as `refused` does; tell a missing permission from a missing feature."""
        if error.diagnosis == "provider_permission_missing":
            if seen.features is not None and _FINE_GRAINED not in seen.features:
                return self.found("permissions_off")
            return self.refused(error, code, provision=YES if seen.features else None)
        return self.refused(error, code)

    def found(
        self, code: str, provision: Provision | None = None, **names: str
    ) -> Finding:
        """Say what we found out ourselves."""
        state = self._state(code)
        return self.chart.finding(EXCHANGE, code, state, provision, **names)

    def _state(self, code: str) -> State | None:
        is_open = self.is_own and code in _OF_USERS
        is_other = not self.is_named and code in _OF_ISSUERS
        return "unknown" if is_open or is_other else None

    def whom(self) -> str:
        """Return whose token it is, for a sentence."""
        if self.is_own:
            return "the requester's own service account"
        return "the user"


def why_not_available(
    way: Way, seen: Seen, error: ExchangeError, *, mapper: str, empty: str
) -> Finding:
    """Find out why an audience is not available, by an exchange without one.

    `audience` filters what scopes and mappers brought, and nothing else: without it
    the token shows all that they bring. `mapper` and `empty` are what it is called
    that none of them brings the audience, with scopes asked for and without.
    """
    scopes = way.downstream.scopes
    form = [*exchange_form(way.subject.value), *scope_parameter(scopes)]
    answer = ask(seen.realm, seen.token_url, form)
    if answer.error is not None:
        return way.refused(error)
    audiences = listed(audience_of(answer.claims))
    return why_nothing_came(way, answer) or way.found(
        mapper if scopes else empty, audiences=audiences
    )


def why_nothing_came(way: Way, answer: Answer) -> Finding | None:
    """Say why scopes brought no audience, if it is not for want of a mapper."""
    if context_of(answer.claims.get("jti"))[1] == "lt":
        return way.found("requester_lightweight")
    granted = set(str(answer.members.get("scope", "")).split())
    missing = way.downstream.scopes - granted
    return way.found("role_missing", missing=listed(missing)) if missing else None


def look_at(
    way: Way, seen: Seen, token: AccessToken, asked_at: float
) -> Iterator[Finding]:
    """Look at what was issued: by which exchange, for how long, with which scopes."""
    claims: Mapping[str, Any] = unverified_claims(token.value)
    if context_of(claims.get("jti"))[2] == "na":
        yield way.found("legacy_answers")
        return
    said = f"Keycloak issues {way.whom()} a token for it alone."
    yield way.chart.holds(EXCHANGE, said)
    missing = way.downstream.scopes - token.scope
    if missing:
        is_applied = YES if _brings_audience(way, seen, missing) else None
        yield way.found("scope_not_granted", is_applied, missing=listed(missing))
    yield from lifespan(way.chart, EXCHANGE, seconds_of(token.value))
    issued_at = issue_of(claims)
    if issued_at and not seen.knows_clock:
        realm = Chart(f"realm {seen.realm.alias}", realm=seen.realm.alias)
        yield compare_clocks(realm, seen, issued_at, asked_at)


def _brings_audience(way: Way, seen: Seen, missing: frozenset[str]) -> bool:
    """Whether a scope that no token names was applied: without it comes no audience."""
    if missing != way.downstream.scopes or len(missing) > 1:
        return False
    form = exchange_form(way.subject.value)
    answer = ask(seen.realm, seen.token_url, form)
    is_issued = answer.error is None
    return is_issued and way.downstream.audience not in audience_of(answer.claims)


def seconds_of(token: str) -> int | None:
    """Return for how long a token was made; None where it does not say."""
    claims = unverified_claims(token)
    issued_at, expires_at = issue_of(claims), expiry_of(claims)
    return int(expires_at - issued_at) if issued_at and expires_at else None


def lifespan(chart: Chart, step: str, seconds: int | None) -> Iterator[Finding]:
    """Say if a token lives too long to be taken back, or too short to be kept."""
    if seconds is None:
        return
    if seconds > LONGEST:
        yield chart.finding(step, "lifespan_long", seconds=f"{seconds}")
    elif seconds < SHORTEST:
        yield chart.finding(step, "lifespan_short", seconds=f"{seconds}")
