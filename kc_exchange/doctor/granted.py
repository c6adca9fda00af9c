"""Strategy `jwt-grant`: the user's token as an assertion in another realm (RFC 7523).

No session begins, and nobody is made. Without a user's token the requester's own goes
this way, as far as the other realm asks for a user of its own.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from kc_exchange import exchange
from kc_exchange.doctor.asking import ask, nobodys_token
from kc_exchange.doctor.standard import exchanged
from kc_exchange.doctor.way import EXCHANGE, HAND_ONE_IN, look_at, why_not_available
from kc_exchange.exceptions import ExchangeError
from kc_exchange.exchange.jwt_grant import jwt_grant_form
from kc_exchange.exchange.jwt_grant_refusals import JWT_GRANT_ROWS
from kc_exchange.exchange.rows import Asked
from kc_exchange.sources.issuers import grant_realm, realm_of_subject
from kc_exchange.tokens import AccessToken, SubjectToken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.conf import Realm
    from kc_exchange.doctor.findings import Finding
    from kc_exchange.doctor.seen import Seen
    from kc_exchange.doctor.way import Way

ASSERTION = "assertion"
_HERE = {
    "audience_unknown": "assertion_client_missing",
    "audience_disabled": "assertion_client_off",
}
"""What a refusal of the first exchange means: its audience is the other realm."""
_CONFIGURED = frozenset({"assertion_signature", "user_not_linked"})
"""What is said once all settings of client and provider hold."""


def by_grant(way: Way) -> Iterator[Finding]:
    """Make an assertion, present it, and narrow what it brings."""
    try:
        there = grant_realm(way.downstream, way.subject)
        here = realm_of_subject(way.subject)
    except ExchangeError as error:
        yield way.refused(error)
        return
    near, far = way.at(here), way.at(there)
    assertion = None
    if near is None:
        yield way.closed(here)
    else:
        made = _Assertion(way, near, there)
        yield from made.findings()
        assertion = made.token
    if far is None:
        yield way.closed(there)
    elif assertion is None:
        yield from _tried(way, far, here)
    else:
        yield from _presented(way, far, assertion)


class _Assertion:
    """The first exchange, in the user's own realm, for the other as its audience."""

    def __init__(self, way: Way, near: Seen, there: Realm) -> None:
        self.token: AccessToken | None = None
        wanted = exchange.assertion_wanted(way.downstream, there)
        self._near = near
        self._way = replace(way, downstream=wanted).with_names(
            client=near.realm.client_id,
            realm=near.realm.alias,
            audience=there.issuer,
            scopes=" ".join(sorted(wanted.scopes)),
        )

    def findings(self) -> Iterator[Finding]:
        """Yield what came of it; `token` is the assertion."""
        way, realm = self._way, self._near.realm
        try:
            self.token = exchange.exchange(way.subject, way.downstream, realm)
        except ExchangeError as error:
            yield self._refused(error)
        else:
            yield way.chart.holds(
                ASSERTION, f"{realm.alias} issues one for {way.downstream.audience}."
            )

    def _refused(self, error: ExchangeError) -> Finding:
        if error.diagnosis == "audience_not_available":
            code = "assertion_mapper_missing"
            way, near = self._way, self._near
            return why_not_available(way, near, error, mapper=code, empty=code)
        return self._way.refused(error, _HERE.get(error.diagnosis, ""), ASSERTION)


def _tried(way: Way, far: Seen, here: Realm) -> Iterator[Finding]:
    """See how far nobody's assertion gets: the settings are looked at before it."""
    nobody = AccessToken(value=nobodys_token(here.issuer), expires_at=0.0)
    way = way.with_names(client=far.realm.client_id, realm=far.realm.alias)
    form = jwt_grant_form(nobody, way.downstream, far.realm)
    asked = Asked(way.downstream.audience, rows=JWT_GRANT_ROWS)
    answer = ask(far.realm, far.token_url, form, asked)
    if answer.error is not None and answer.diagnosis not in _CONFIGURED:
        yield way.refused(answer.error)
    else:
        yield _ready(way, far.realm)


def _presented(way: Way, far: Seen, assertion: AccessToken) -> Iterator[Finding]:
    realm, asked_at = far.realm, time.time()
    way = way.with_names(client=realm.client_id, realm=realm.alias)
    try:
        granted = exchange.jwt_grant(assertion, way.downstream, realm)
    except ExchangeError as error:
        if way.is_own and error.diagnosis == "user_not_linked":
            yield _ready(way, realm)
            yield way.chart.skipped(
                EXCHANGE, "only a linked user is issued a token there", HAND_ONE_IN
            )
        else:
            yield way.refused(error)
        return
    if exchange.suffices(granted, way.downstream):
        yield from look_at(way, far, granted, asked_at)
    else:
        subject = SubjectToken(value=granted.value, realm=realm.alias)
        yield from exchanged(replace(way, subject=subject), realm)


def _ready(way: Way, realm: Realm) -> Finding:
    return way.chart.holds(
        EXCHANGE, f"{realm.client_id} may present assertions in {realm.alias}."
    )
