"""Ask Keycloak's token endpoint, and believe nothing it says unchecked."""

from kc_exchange.exchange.grants import client_credentials, exchange, redeem, refresh
from kc_exchange.exchange.impersonation import Impersonated, impersonate
from kc_exchange.exchange.revocation import end_session, revoke

__all__ = [
    "Impersonated",
    "client_credentials",
    "end_session",
    "exchange",
    "impersonate",
    "redeem",
    "refresh",
    "revoke",
]
