"""Ask Keycloak's token endpoint, and believe nothing it says unchecked."""

from kc_exchange.exchange.grants import client_credentials, exchange, redeem, refresh

__all__ = ["client_credentials", "exchange", "redeem", "refresh"]
