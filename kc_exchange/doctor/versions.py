"""Which release the server is, and what is known to be wrong with it.

Nobody but an administrator is told. Without one, behaviour bounds the release.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from http import HTTPStatus
from math import inf
from typing import TYPE_CHECKING

from django.views.decorators.debug import sensitive_variables

from kc_exchange import transport
from kc_exchange.doctor.asking import ask, exchange_form
from kc_exchange.exceptions import ExchangeError, printable
from kc_exchange.strict_json import loads_object
from kc_exchange.tokens import MAX_TOKEN_LENGTH, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from kc_exchange.doctor.chart import Chart
    from kc_exchange.doctor.findings import Finding
    from kc_exchange.doctor.seen import Seen

RELEASE = "release"
_NAME, _WORD = "KEYCLOAK_ADMIN_USERNAME", "KEYCLOAK_ADMIN_PASSWORD"
_MASTER = "/realms/master/protocol/openid-connect"
_MOST = 4 * 1024 * 1024
"""Bytes of what an administrator is told of a server."""
_FIXED = {(26, 4): 16, (26, 6): 7, (26, 7): 4}
"""The first patch of each line that has the fix of CVE-2026-17526; 26.8 began with it,
26.5 never got it."""
_SINCE = (26, 8)
_DROPPED = frozenset(
    {"parameter_refused", "subject_rejected", "switch_off", "server_failed"}
)
"""What servers say that went on without the token that was too long."""


def learn_version(chart: Chart, seen: Seen) -> Iterator[Finding]:
    """Ask for release and features as the administrator whom the environment names.

    Only the Keycloak of the realm `default` is shown this password.
    """
    name, password = os.environ.get(_NAME, ""), os.environ.get(_WORD, "")
    if seen.realm.alias != "default" or not (name and password):
        return
    try:
        told = _told(seen, name, Secret(password))
        seen.version = str(told["systemInfo"]["version"])
        seen.features = frozenset(
            feature["name"] for feature in told["features"] if feature["enabled"]
        )
    except ExchangeError as error:
        yield chart.of(RELEASE, error, state="warning")
    except ValueError as error:
        yield chart.finding(RELEASE, "admin_refused", why=str(error))
    except (KeyError, TypeError):
        yield chart.finding(RELEASE, "admin_refused", why="it tells them too little")
    else:
        yield chart.holds(RELEASE, f"Keycloak {seen.version}.")


@sensitive_variables()
def _told(seen: Seen, name: str, password: str) -> dict[str, Any]:
    """Return what the admin API says of the server.

    Raises:
        ExchangeError: it does not answer.
        ValueError: it refuses, or answers something else.
    """
    realm = seen.realm
    deadline = transport.Deadline(realm.deadline)
    form = [
        ("grant_type", "password"),
        ("client_id", "admin-cli"),
        ("username", name),
        ("password", password),
    ]
    url = f"{seen.server}{_MASTER}/token"
    reply = transport.request(realm, url, deadline, form=form)
    login = loads_object(reply.body)
    if reply.status != HTTPStatus.OK:
        said = printable(login.get("error_description", login.get("error", "")))
        raise ValueError(f"it refuses their login with {reply.status} {said}".rstrip())
    try:
        headers = {"Authorization": Secret(f"Bearer {login.get('access_token')}")}
        url = f"{seen.server}/admin/serverinfo"
        reply = transport.request(realm, url, deadline, headers=headers, most=_MOST)
        if reply.status != HTTPStatus.OK:
            raise ValueError(f"it answers them with HTTP {reply.status}")
        return loads_object(reply.body)
    finally:
        _log_out(seen, Secret(login.get("refresh_token", "")))


@sensitive_variables()
def _log_out(seen: Seen, refresh_token: str) -> None:
    """End the administrator's session, which lasts to its idle limit otherwise."""
    url = f"{seen.server}{_MASTER}/logout"
    form = [("client_id", "admin-cli"), ("refresh_token", refresh_token)]
    with suppress(ExchangeError), transport.within(inf):
        deadline = transport.Deadline(seen.realm.deadline)
        transport.request(seen.realm, url, deadline, form=form)


def find_vulnerabilities(chart: Chart, seen: Seen) -> Iterator[Finding]:
    """Look for CVE-2026-9704 by behaviour, and for CVE-2026-17526 by the release."""
    too_long = exchange_form("x" * (MAX_TOKEN_LENGTH + 1))
    answer = ask(seen.realm, seen.token_url, too_long)
    seen.is_old = answer.diagnosis in _DROPPED
    if seen.is_old:
        yield chart.finding(RELEASE, "cve_2026_9704")
    elif answer.diagnosis == "token_too_long":
        yield chart.holds(RELEASE, "Too long a token is refused (CVE-2026-9704).")
    else:
        yield chart.skipped(RELEASE, "what stands before Keycloak refuses long forms")
    if seen.legacy and "impersonation" in seen.wanted:
        yield _impersonation(chart, seen)


def _impersonation(chart: Chart, seen: Seen) -> Finding:
    if seen.is_old or is_vulnerable(seen.version):
        version = seen.version or "before 26.4.13 or 26.6.3"
        return chart.finding(RELEASE, "cve_2026_17526", version=version)
    if not seen.version:
        return chart.finding(RELEASE, "cve_2026_17526_possible")
    return chart.holds(RELEASE, f"{seen.version} has no CVE-2026-17526.")


def is_vulnerable(version: str) -> bool:
    """Tell whether a release lets operators act as administrators.

    One that is no number of a release (a nightly build) is taken for a new one.
    """
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    if found is None:
        return False
    major, minor, patch = map(int, found.groups())
    fixed = _FIXED.get((major, minor))
    return (major, minor) < _SINCE if fixed is None else patch < fixed
