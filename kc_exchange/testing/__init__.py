"""Test against a Keycloak that runs inside the test process.

`EmbeddedKeycloak` serves realm exports; `pytest_plugin` gives it to tests as fixtures;
`python -m kc_exchange.testing REALM.json` serves them from the command line.
"""

from __future__ import annotations

from kc_exchange.testing.errors import RealmFileError
from kc_exchange.testing.keycloak import EmbeddedKeycloak
from kc_exchange.testing.recorder import DownstreamRecorder, RecordedRequest
from kc_exchange.testing.records import ExchangeRecord

__all__ = [
    "DownstreamRecorder",
    "EmbeddedKeycloak",
    "ExchangeRecord",
    "RealmFileError",
    "RecordedRequest",
]
