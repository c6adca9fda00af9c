"""One realm: from the name of its host to a requester that may exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange.doctor import requester, server, versions
from kc_exchange.doctor.chart import Chart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.conf import Realm
    from kc_exchange.doctor.findings import Finding
    from kc_exchange.doctor.seen import Seen

_AFTER_DISCOVERY = (server.KEYS, requester.CLIENT)
_AFTER_CLIENT = (requester.FEATURES, requester.REQUESTER, versions.RELEASE)


def examine_realm(seen: Seen) -> Iterator[Finding]:
    """Look at each step; note in `seen` what the steps after it need to know."""
    realm = seen.realm
    chart = Chart(f"realm {realm.alias}", realm=realm.alias, client=realm.client_id)
    yield from server.discover(chart, seen)
    if seen.endpoints is None:
        why = "there is no discovery document"
        for step in (*_AFTER_DISCOVERY, *_AFTER_CLIENT):
            yield chart.skipped(step, why)
        return
    yield from server.fetch_keys(chart, seen)
    if not has_credential(realm):
        why = "no credential is set: tokens of this realm are taken, none is asked for"
        yield chart.skipped(requester.CLIENT, why)
        return
    yield from requester.authenticate(chart, seen)
    if not seen.is_usable:
        for step in _AFTER_CLIENT:
            yield chart.skipped(step, "the client is not accepted")
        return
    yield from requester.find_features(chart, seen)
    yield from requester.see_switch(chart, seen)
    yield from versions.learn_version(chart, seen)
    if seen.exchanges:
        yield from versions.find_vulnerabilities(chart, seen)


def has_credential(realm: Realm) -> bool:
    """Tell whether the client of a realm can ask for tokens."""
    credential = {
        "private_key_jwt": realm.private_key,
        "tls_client_auth": realm.certificate,
    }
    return bool(credential.get(realm.client_auth, realm.has_secret))
