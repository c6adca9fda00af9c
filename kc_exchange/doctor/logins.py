"""Logins through an identity provider's token, which lead to no downstream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange.conf import Downstream
from kc_exchange.doctor.brokered import for_login
from kc_exchange.doctor.chart import Chart
from kc_exchange.doctor.way import Way
from kc_exchange.tokens import SubjectToken

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kc_exchange.conf import Settings
    from kc_exchange.doctor.findings import Finding
    from kc_exchange.doctor.seen import Seen


def through_providers(
    settings: Settings, given: SubjectToken | None, realms: Mapping[str, Seen]
) -> Iterator[Finding]:
    """Look at each of PROVIDERS that no downstream of strategy `external` names."""
    taken = {
        one.subject_issuer("")
        for one in settings.downstreams.values()
        if one.strategy == "external"
    }
    for alias in sorted(set(settings.providers) - taken):
        yield from for_login(_way(settings, given, realms, alias))


def _way(
    settings: Settings,
    given: SubjectToken | None,
    realms: Mapping[str, Seen],
    alias: str,
) -> Way:
    realm = settings.realm(settings.provider(alias).realm)
    own = given if given is not None and given.provider == alias else None
    return Way(
        chart=Chart(f"provider {alias}", provider=alias),
        downstream=Downstream(
            name=f"login by {alias}",
            base_url="",
            audience=realm.client_id,
            realm=realm.alias,
            strategy="external",
            subject_issuers={"": alias},
        ),
        subject=own or SubjectToken(value=""),
        is_own=own is None,
        realms=realms,
    )
