"""The user's token: what it is, by what it says itself.

Whose it is, which realm it is for, and whether this project's requester may use it at
all can be told without asking anybody; `opinion` then asks Keycloak.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kc_exchange import conf
from kc_exchange.capture.bearer import MAX_BEARER
from kc_exchange.doctor.requester import context_of
from kc_exchange.exceptions import ExchangeMisconfigured, printable
from kc_exchange.exchange.check import audience_of
from kc_exchange.tokens import (
    TYPE,
    SubjectToken,
    expiry_of,
    issue_of,
    unverified_claims,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kc_exchange.conf import Provider
    from kc_exchange.doctor.chart import Chart
    from kc_exchange.doctor.findings import Finding

TOKEN = "token"  # noqa: S105 - the name of a step
_KINDS = {
    "ID": "subject_is_id_token",
    "Refresh": "subject_is_refresh_token",
    "Offline": "subject_is_refresh_token",
}
"""What a token of Keycloak's says in `typ` that is no access token."""


@dataclass(slots=True)
class Given:
    """The token that was handed in, and what it turned out to be."""

    value: str = field(repr=False)
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)
    token: SubjectToken | None = None
    """None: nothing can be done with it."""

    @property
    def login_client(self) -> str:
        """The client that it was issued to."""
        return printable(self.claims.get("azp", ""))

    def is_for(self, client: str) -> bool:
        """Tell whether a client may exchange it: named in `aud`, or its holder."""
        return client in audience_of(self.claims) or client == self.claims.get("azp")

    @property
    def is_lightweight(self) -> bool:
        """Whether it is one that most mappers add nothing to."""
        return context_of(self.claims.get("jti"))[1] == "lt"

    @property
    def audiences(self) -> str:
        """Whom it is for, as a sentence has it."""
        return listed(audience_of(self.claims))


def listed(names: set[str] | frozenset[str]) -> str:
    """Return names as a sentence has them."""
    return ", ".join(map(printable, sorted(names))) or "nobody"


def read(chart: Chart, given: Given) -> Iterator[Finding]:
    """Say what kind of token it is, and of whom; set `given.token` if it is usable."""
    try:
        given.claims = unverified_claims(given.value)
    except ValueError:
        yield _opaque(chart, given)
        return
    chart = chart.named(login_client=given.login_client)
    issuer = given.claims.get("iss")
    provider = _provider_of(issuer)
    wrong = None if provider else _KINDS.get(str(given.claims.get("typ")))
    realm = conf.current().realm_of_issuer(issuer)
    if wrong:
        yield chart.finding(TOKEN, wrong)
    elif realm is None and provider is None:
        said = printable(issuer) or "none"
        yield chart.finding(TOKEN, "subject_issuer_unknown", issuer=said)
    else:
        alias = realm.alias if realm is not None else ""
        given.token = _token(given, alias, provider)
        yield chart.holds(TOKEN, _whose(given, alias, provider))
        yield from _lifetime(chart, given)
        yield from _shape(chart, given)


def _opaque(chart: Chart, given: Given) -> Finding:
    """Only a provider's token may be no JWT."""
    for provider in conf.current().providers.values():
        if not provider.issuer:
            given.token = _token(given, "", provider)
            return chart.holds(TOKEN, f"Taken for one of {provider.alias}.")
    return chart.finding(TOKEN, "subject_not_jwt")


def _provider_of(issuer: object) -> Provider | None:
    for provider in conf.current().providers.values():
        if provider.issuer and provider.issuer == issuer:
            return provider
    return None


def _token(given: Given, realm: str, provider: Provider | None) -> SubjectToken:
    expires_at = expiry_of(given.claims)
    if realm or provider is None:
        return SubjectToken(value=given.value, realm=realm, expires_at=expires_at)
    return SubjectToken(
        value=given.value,
        realm=provider.realm,
        provider=provider.alias,
        expires_at=expires_at,
        token_type=f"{TYPE}{provider.token_type}",
    )


def _whose(given: Given, realm: str, provider: Provider | None) -> str:
    if provider is not None:
        return f"A token of the identity provider {provider.alias}."
    kinds = {"of": "an offline session", "tr": "a service account, or a transient user"}
    kind = context_of(given.claims.get("jti"))[0]
    of = kinds.get(kind, "a session")
    return f"An access token of realm {realm}, of {of}, issued to {given.login_client}."


def _lifetime(chart: Chart, given: Given) -> Iterator[Finding]:
    now, leeway = time.time(), conf.current().leeway
    expires_at, issued_at = expiry_of(given.claims), issue_of(given.claims)
    if not expires_at:
        yield chart.finding(TOKEN, "subject_never_expires")
    elif expires_at <= now:
        given.token = None
        seconds = f"{now - expires_at:.0f}"
        yield chart.finding(TOKEN, "subject_expired", seconds=seconds)
    if issued_at > now + leeway:
        cause = f"It was issued {issued_at - now:.0f} s from now, by this clock."
        error = ExchangeMisconfigured(cause, diagnosis="clock_differs")
        yield chart.of(TOKEN, error)


def _shape(chart: Chart, given: Given) -> Iterator[Finding]:
    if len(given.value) > MAX_BEARER:
        length, limit = f"{len(given.value)}", f"{MAX_BEARER}"
        yield chart.finding(TOKEN, "subject_long", length=length, limit=limit)
    if given.token is None or given.token.provider:
        return
    bound = given.claims.get("cnf")
    if isinstance(bound, dict) and "jkt" in bound:
        yield chart.finding(TOKEN, "subject_bound")
    elif isinstance(bound, dict) and not _is_shown(given):
        yield chart.finding(TOKEN, "subject_bound_to_certificate")
    if given.is_lightweight or "sub" not in given.claims:
        yield chart.finding(TOKEN, "subject_lightweight")


def _is_shown(given: Given) -> bool:
    """Whether a requester may be the one whose certificate the token is bound to."""
    return any(
        realm.certificate and realm.client_id == given.claims.get("azp")
        for realm in conf.current().realms.values()
    )
