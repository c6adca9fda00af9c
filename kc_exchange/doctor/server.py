"""The way to a realm: TLS, discovery, keys, and the clock."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kc_exchange import conf, discovery, transport
from kc_exchange.doctor.catalogue.entry import YES
from kc_exchange.exceptions import ExchangeError, ExchangeMisconfigured
from kc_exchange.exchange.refusals import refusal
from kc_exchange.jwt_validation.keys import read_keys
from kc_exchange.strict_json import loads_object
from kc_exchange.tokens import issue_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.doctor.asking import Answer
    from kc_exchange.doctor.catalogue.entry import Provision
    from kc_exchange.doctor.chart import Chart
    from kc_exchange.doctor.findings import Finding
    from kc_exchange.doctor.seen import Seen

DISCOVERY, KEYS, CLOCK = "discovery", "keys", "clock"
_TLS = "TLS"
_PATH = "/protocol/openid-connect/token"
_NEAR = 0.5
"""The share of DEADLINE that a single question may take."""
_NO_REALM = "Realm does not exist"
_OF_THE_REALM = frozenset({"https_required", "realm_disabled"})


def discover(chart: Chart, seen: Seen) -> Iterator[Finding]:
    """Fetch the discovery document, and compare it with ISSUER."""
    realm, started = seen.realm, time.monotonic()
    try:
        seen.endpoints = discovery.fetch(realm, transport.Deadline(realm.deadline))
    except ExchangeError as error:
        step = _TLS if error.diagnosis == "tls_failed" else DISCOVERY
        yield chart.of(step, _known(error, seen), provision=_missing(error, seen))
        return
    seconds = time.monotonic() - started
    scheme = urlsplit(seen.endpoints.token).scheme
    yield chart.holds(DISCOVERY, f"Found in {seconds:.2f} s, over {scheme}.")
    if seconds > realm.deadline * _NEAR:
        took, allowed = f"{seconds:.1f}", f"{realm.deadline:g}"
        yield chart.finding(DISCOVERY, "slow", seconds=took, deadline=allowed)
    if not urlsplit(seen.endpoints.token).path.endswith(_PATH):
        yield chart.finding(DISCOVERY, "not_keycloaks_paths")


def _known(error: ExchangeError, seen: Seen) -> ExchangeError:
    """Keycloak refuses the document in the words of its token endpoint, too."""
    if not error.description:
        return error
    said = refusal(error.status, error.error, error.description, realm=seen.realm)
    return said if said.diagnosis in _OF_THE_REALM else error


def _missing(error: ExchangeError, seen: Seen) -> Provision | None:
    """A realm that Keycloak itself does not know is made."""
    is_realm = "/realms/" in seen.realm.issuer and not seen.realm.issuer.endswith("/")
    is_said = error.diagnosis == "realm_unknown" and error.error == _NO_REALM
    return YES if is_realm and is_said else None


def fetch_keys(chart: Chart, seen: Seen) -> Iterator[Finding]:
    """Fetch the key set, and see that a signature can be checked with it."""
    if seen.endpoints is None:
        return
    realm = seen.realm
    try:
        url, deadline = seen.endpoints.jwks, transport.Deadline(realm.deadline)
        reply = transport.request(realm, url, deadline)
        if reply.status != HTTPStatus.OK:
            raise ValueError(f"HTTP {reply.status}")
        seen.keys = read_keys(loads_object(reply.body))
    except ExchangeError as error:
        yield chart.of(KEYS, error)
    except ValueError as error:
        yield chart.finding(KEYS, "keys_unusable", why=str(error))
    else:
        yield chart.holds(KEYS, f"{len(seen.keys)} for signatures.")


def compare_clocks(chart: Chart, seen: Seen, shown: float, asked_at: float) -> Finding:
    """Compare a moment that Keycloak's clock `shown` since `asked_at` with ours."""
    came_at = time.time()
    seen.knows_clock = True
    # Both are cut to whole seconds.
    ahead = max(shown - came_at, asked_at - shown - 1, 0.0)
    leeway = conf.current().leeway
    if ahead <= leeway:
        return chart.holds(CLOCK, f"Less than {leeway} s from this machine's.")
    how = "ahead of" if shown > came_at else "behind"
    cause = f"Keycloak's clock is {ahead:.0f} s {how} this machine's."
    return chart.of(CLOCK, ExchangeMisconfigured(cause, diagnosis="clock_differs"))


def moment_of(answer: Answer) -> float | None:
    """Return the moment of an answer by Keycloak's clock; None where it does not tell.

    A token that was issued just now tells by its `iat`; else a proxy's `Date` does.
    """
    issued_at = issue_of(answer.claims)
    if issued_at:
        return issued_at
    try:
        return parsedate_to_datetime(answer.date).timestamp()
    except ValueError:
        return None
