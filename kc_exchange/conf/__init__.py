"""The settings, typed, read when they are needed.

`current()` answers with one frozen value for the `KC_EXCHANGE` dictionary as it is
now; `override_settings` works. Every mistake is a `Problem` with a number, which the
system checks show and `current()` raises.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from kc_exchange.conf.impersonation_values import AtKeycloak, Audit, Impersonation
from kc_exchange.conf.parse import parse
from kc_exchange.conf.reader import Problem
from kc_exchange.conf.secret_file import client_secret
from kc_exchange.conf.shared_values import SharedCache
from kc_exchange.conf.values import (
    ANY,
    ClientAuth,
    Downstream,
    Provider,
    Realm,
    Settings,
    Strategy,
)

__all__ = [
    "ANY",
    "AtKeycloak",
    "Audit",
    "ClientAuth",
    "Downstream",
    "Impersonation",
    "Problem",
    "Provider",
    "Realm",
    "Settings",
    "SharedCache",
    "Strategy",
    "client_secret",
    "current",
    "problems",
]

_read: tuple[Any, Settings] | None = None


def current() -> Settings:
    """Return the settings as they are now.

    Raises:
        ImproperlyConfigured: they hold a mistake; the message names cause and fix.
    """
    global _read  # noqa: PLW0603 - one value, replaced as a whole
    raw = getattr(settings, "KC_EXCHANGE", None)
    read = _read
    if read is not None and read[0] is raw:
        return read[1]
    parsed, found = parse(raw, debug=settings.DEBUG)
    if parsed is None:
        raise ImproperlyConfigured(
            f"{found[0].message} Fix: {found[0].hint} (kc_exchange.{found[0].number})"
        )
    _read = (raw, parsed)
    return parsed


def problems() -> list[Problem]:
    """Return every mistake that the settings hold, for the system checks."""
    return parse(getattr(settings, "KC_EXCHANGE", None), debug=settings.DEBUG)[1]
