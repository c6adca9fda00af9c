"""The requester: does Keycloak know it, and may it exchange?

The client credentials grant is asked first: it authenticates the client before anything
else, says whether the client is public, and brings a token of the service account.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kc_exchange.doctor.asking import Answer, ask, exchange_form, nobodys_token
from kc_exchange.doctor.seen import LEGACY, NARROWING
from kc_exchange.doctor.server import compare_clocks, moment_of
from kc_exchange.exchange.impersonation_refusals import ROWS as IMPERSONATION_ROWS
from kc_exchange.exchange.rows import Asked
from kc_exchange.tokens import SubjectToken, expiry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.doctor.chart import Chart
    from kc_exchange.doctor.findings import Finding
    from kc_exchange.doctor.seen import Seen

CLIENT, FEATURES, REQUESTER = "client authentication", "features", "requester"
_AUTHENTICATED = frozenset(
    {"", "service_account_off", "requester_public", "grant_not_allowed"}
    | {"policy_refuses", "request_refused", "denied", "consent_missing"}
)
"""What Keycloak says of a client whose credential it has accepted."""
_BETTER = {
    ("private_key_jwt", "secret_wrong"): "assertion_not_taken",
    ("tls_client_auth", "client_unknown"): "certificate_refused",
    ("tls_client_auth", "secret_wrong"): "certificate_refused",
}
"""What a refusal means where the client shows no secret."""


def authenticate(chart: Chart, seen: Seen) -> Iterator[Finding]:
    """Ask for a token of the requester's own, and compare clocks by it."""
    asked_at = time.time()
    form = [("grant_type", "client_credentials")]
    answer = ask(seen.realm, seen.token_url, form)
    seen.is_usable = answer.diagnosis in _AUTHENTICATED
    if answer.error is not None and not seen.is_usable:
        code = "requester_wants_proof" if answer.diagnosis == "proof_missing" else ""
        way = (seen.realm.client_auth, answer.diagnosis)
        yield chart.of(CLIENT, answer.error, code or _BETTER.get(way, ""))
        return
    seen.is_public = answer.diagnosis == "requester_public"
    yield chart.holds(CLIENT, f"Accepted, by {seen.realm.client_auth}.")
    if answer.error is None:
        _keep(seen, answer)
    elif seen.is_public:
        yield chart.of(REQUESTER, answer.error)
    shown = moment_of(answer)
    if shown is not None:
        yield compare_clocks(chart, seen, shown, asked_at)


def _keep(seen: Seen, answer: Answer) -> None:
    value = answer.token
    seen.own = SubjectToken(
        value=value, realm=seen.realm.alias, expires_at=expiry(value)
    )
    policy = answer.members.get("not-before-policy")
    seen.not_before = policy if type(policy) is int else 0
    seen.is_lightweight = context_of(answer.claims.get("jti"))[1] == "lt"


def context_of(token_id: object) -> tuple[str, str, str]:
    """Return what Keycloak's `jti` says: kind of session, of token, and the grant.

    Two letters each before a colon, since 26.2; empty ones where it is another `jti`.
    """
    before, colon, _ = str(token_id).partition(":")
    if not colon or len(before) != 6:  # noqa: PLR2004 - three times two
        return ("", "", "")
    return (before[:2], before[2:4], before[4:])


def find_features(chart: Chart, seen: Seen) -> Iterator[Finding]:
    """See by their behaviour which kinds of exchange are on.

    The discovery document does not tell. A token that nobody accepts is refused in
    other words by each of them, and so is one that is too long by old servers.
    """
    token = nobodys_token(seen.realm.issuer)
    form = exchange_form(token, requested_subject="nobody")
    answer = ask(seen.realm, seen.token_url, form, Asked(rows=IMPERSONATION_ROWS))
    if answer.diagnosis == "exchange_off" and answer.error is not None:
        seen.exchanges = False
        if seen.wanted & (NARROWING | LEGACY):
            yield chart.of(FEATURES, answer.error)
        return
    known = {"legacy_off": False, "subject_rejected": True}
    seen.legacy = known.get(answer.diagnosis)
    seen.legacy_refusal = answer.error if seen.legacy is False else None
    used = seen.wanted & LEGACY
    if seen.legacy and not seen.needs_legacy:
        yield chart.finding(FEATURES, "legacy_on")
    elif seen.legacy is False and used:
        yield chart.finding(FEATURES, "legacy_off", uses=", ".join(sorted(used)))
    elif seen.legacy is None:
        yield chart.skipped(FEATURES, _unclear(answer))
    else:
        state = "on" if seen.legacy else "off"
        yield chart.holds(FEATURES, f"The legacy token exchange is {state}.")


def see_switch(chart: Chart, seen: Seen) -> Iterator[Finding]:
    """See whether the requester may exchange at all, as far as it has to."""
    if seen.is_public or not seen.exchanges:
        return
    if seen.is_lightweight and seen.wanted & NARROWING:
        yield chart.finding(REQUESTER, "requester_lightweight", state="warning")
    if not seen.wanted & (NARROWING | {"impersonation"}):
        yield chart.holds(REQUESTER, "It needs no standard exchange here.")
    elif seen.legacy and (seen.own or seen.lent) is None:
        yield chart.skipped(
            REQUESTER,
            "the legacy exchange hides the switch, and there is no token to try it "
            "with: neither of a service account nor of a user",
            "See what is said of the downstreams.",
        )
    else:
        yield _switch(chart, seen)


def _switch(chart: Chart, seen: Seen) -> Finding:
    """The switch is looked at before the token, unless the legacy exchange is on.

    Then it is what grant the issued token names, or in whose words it is refused.
    """
    own = (seen.own or seen.lent) if seen.legacy else None
    token = nobodys_token(seen.realm.issuer) if own is None else own.value
    answer = ask(seen.realm, seen.token_url, exchange_form(token))
    if answer.diagnosis == "switch_off" and answer.error is not None:
        return chart.of(REQUESTER, answer.error)
    is_legacy = context_of(answer.claims.get("jti"))[2] == "na"
    if is_legacy or answer.diagnosis == "audience_asks_consent":
        return chart.finding(REQUESTER, "legacy_answers")
    is_refused = own is not None and answer.diagnosis == "subject_rejected"
    takes = answer.diagnosis in {"", "subject_rejected", "consent_missing"}
    if takes and not is_refused:
        return chart.holds(REQUESTER, "Standard Token Exchange is switched on.")
    return chart.skipped(REQUESTER, _unclear(answer))


def _unclear(answer: Answer) -> str:
    said = "" if answer.error is None else answer.error
    return f"Keycloak answered something else: {said}"
