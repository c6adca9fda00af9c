"""Delegated downstream calls and audited impersonation on Keycloak.

Both on its OAuth 2.0 Token Exchange (RFC 8693); see `kc_exchange.impersonation`.

with downstream_session("orders-api") as session:
    orders = session.get("v1/orders").json()
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kc_exchange.context import carried
    from kc_exchange.downstream import downstream_client, downstream_session
    from kc_exchange.external import exchange_external
    from kc_exchange.jobs import SubjectReference, acting_for

_HOMES = {
    "SubjectReference": "kc_exchange.jobs",
    "acting_for": "kc_exchange.jobs",
    "carried": "kc_exchange.context",
    "downstream_client": "kc_exchange.downstream",
    "downstream_session": "kc_exchange.downstream",
    "exchange_external": "kc_exchange.external",
}
__all__ = [
    "SubjectReference",
    "__version__",
    "acting_for",
    "carried",
    "downstream_client",
    "downstream_session",
    "exchange_external",
]


def __getattr__(name: str) -> Any:
    """Import on first use: Django imports this package before its settings are."""
    if name == "__version__":
        return import_module("importlib.metadata").version("kc-exchange")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
