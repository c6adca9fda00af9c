"""Ask Keycloak's token endpoint, and believe nothing it says unchecked."""

from kc_exchange.exchange.admission import admit
from kc_exchange.exchange.broker import Brokered, broker
from kc_exchange.exchange.grants import (
    client_credentials,
    exchange,
    redeem,
    refresh,
    service_account,
)
from kc_exchange.exchange.impersonation import Impersonated, impersonate
from kc_exchange.exchange.jwt_grant import assertion_wanted, jwt_grant
from kc_exchange.exchange.linked import linked_token
from kc_exchange.exchange.protection import forget
from kc_exchange.exchange.reply import suffices
from kc_exchange.exchange.revocation import end_session, revoke

__all__ = [
    "Brokered",
    "Impersonated",
    "admit",
    "assertion_wanted",
    "broker",
    "client_credentials",
    "end_session",
    "exchange",
    "forget",
    "impersonate",
    "jwt_grant",
    "linked_token",
    "redeem",
    "refresh",
    "revoke",
    "service_account",
    "suffices",
]
