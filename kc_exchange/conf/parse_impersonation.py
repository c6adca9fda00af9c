"""Read what `KC_EXCHANGE` says of impersonation and its record."""

from __future__ import annotations

import ipaddress
import re
from contextlib import suppress
from typing import TYPE_CHECKING, get_args

from kc_exchange.conf.impersonation_values import AtKeycloak, Audit, Impersonation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.conf.reader import Reader
    from kc_exchange.conf.values import Realm

IMPERSONATION = {
    "AT_KEYCLOAK", "REALM", "OPERATOR_ROLE", "MAY_IMPERSONATE", "DEFAULT_MINUTES",
    "MAX_MINUTES", "IDLE_MINUTES", "CATEGORIES", "TICKET_PATTERN", "TICKET_HELP",
    "TRUSTED_PROXIES", "FORBIDDEN_URL_NAMES", "ORDINARY_ROLES", "USER_ADMIN",
    "START_URL",
}  # fmt: skip
AUDIT = {"ORIGIN", "SIGNING_KEY", "VERIFY_KEYS"}
_LONGEST = 8 * 60
"""Minutes; a working day: what is longer is no limit."""


def impersonation(reader: Reader, realms: Mapping[str, Realm]) -> Impersonation:
    """Return the part about impersonation; note its mistakes."""
    reader.only(IMPERSONATION)
    defaults = Impersonation()
    most = int(reader.number("MAX_MINUTES", defaults.max_minutes, 1, _LONGEST))
    usual = min(defaults.default_minutes, most)
    at_keycloak: AtKeycloak = reader.one_of(
        "AT_KEYCLOAK", defaults.at_keycloak, get_args(AtKeycloak), "E017"
    )
    return Impersonation(
        at_keycloak=at_keycloak,
        realm=reader.one_of("REALM", "default", {"default", *realms}, "E010"),
        operator_role=reader.text("OPERATOR_ROLE"),
        may_impersonate=reader.text("MAY_IMPERSONATE", defaults.may_impersonate),
        default_minutes=int(reader.number("DEFAULT_MINUTES", usual, 1, most)),
        max_minutes=most,
        idle_minutes=int(reader.number("IDLE_MINUTES", usual, 1, _LONGEST)),
        categories=reader.texts("CATEGORIES"),
        ticket_pattern=_pattern(reader),
        ticket_help=reader.text("TICKET_HELP"),
        trusted_proxies=_networks(reader),
        forbidden_url_names=reader.words(
            "FORBIDDEN_URL_NAMES", defaults.forbidden_url_names
        ),
        ordinary_roles=reader.words("ORDINARY_ROLES"),
        user_admin=reader.flag("USER_ADMIN"),
        start_url=_local_url(reader, defaults.start_url),
    )


def audit(reader: Reader) -> Audit:
    """Return the part about the record; note its mistakes."""
    reader.only(AUDIT)
    return Audit(
        origin=_origin(reader),
        signing_key=reader.text("SIGNING_KEY"),
        verify_keys=reader.texts("VERIFY_KEYS"),
    )


def _pattern(reader: Reader) -> str:
    pattern = reader.text("TICKET_PATTERN")
    try:
        re.compile(pattern)
    except re.error as error:
        hint = "Write it as for Python's re module, such as r'[A-Z]+-[0-9]+'."
        reader.wrong(
            "E018", f"is no regular expression: {error}", hint, "TICKET_PATTERN"
        )
    return pattern


def _networks(reader: Reader) -> tuple[str, ...]:
    networks = reader.texts("TRUSTED_PROXIES")
    for network in networks:
        with suppress(ValueError):
            ipaddress.ip_network(network)
            continue
        hint = "Write addresses or networks, such as '10.0.0.0/8'."
        reader.wrong("E019", f"holds {network!r}, no network", hint, "TRUSTED_PROXIES")
    return networks


def _local_url(reader: Reader, default: str) -> str:
    url = reader.text("START_URL", default)
    if re.fullmatch(r"/(?![/\\])[\x21-\x7e]*", url):
        return url
    hint = "Write a path of this site, such as '/'."
    reader.wrong("E020", "is no path of this site", hint, "START_URL")
    return default


def _origin(reader: Reader) -> str:
    origin = reader.text("ORIGIN")
    if not re.fullmatch(r"[^\s+]*", origin):
        hint = "Write it without blanks and plus signs: 'shop.example.com/audit'."
        reader.wrong("E021", "is no name for a record", hint, "ORIGIN")
        return ""
    return origin
