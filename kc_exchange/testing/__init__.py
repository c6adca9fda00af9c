"""Test against a Keycloak that runs inside the test process.

`EmbeddedKeycloak` serves realm exports; `pytest_plugin` gives it to tests as fixtures;
`python -m kc_exchange.testing REALM.json` serves them from the command line.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kc_exchange.testing.errors import RealmFileError
    from kc_exchange.testing.keycloak import EmbeddedKeycloak
    from kc_exchange.testing.recorder import DownstreamRecorder, RecordedRequest
    from kc_exchange.testing.records import ExchangeRecord, JwtGrantRecord

__all__ = [
    "DownstreamRecorder",
    "EmbeddedKeycloak",
    "ExchangeRecord",
    "JwtGrantRecord",
    "RealmFileError",
    "RecordedRequest",
]

_HOMES = {
    "DownstreamRecorder": "recorder",
    "EmbeddedKeycloak": "keycloak",
    "ExchangeRecord": "records",
    "JwtGrantRecord": "records",
    "RealmFileError": "errors",
    "RecordedRequest": "recorder",
}


# pytest loads the plugin in every run, so the server is imported when it is named.
def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
