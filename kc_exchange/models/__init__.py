"""The tables: who is who, who acted as whom, and the record of it."""

from kc_exchange.models.audit import AppendOnly, AuditEvent, AuditHead
from kc_exchange.models.grant import GrantToken, ImpersonationGrant
from kc_exchange.models.identity import (
    SEEN_EVERY,
    KeycloakIdentity,
    find_identity,
    remember_identity,
    user_from_claims,
    user_of,
)
from kc_exchange.models.login import KeycloakLogin
from kc_exchange.models.offline import OfflineToken

__all__ = [
    "SEEN_EVERY",
    "AppendOnly",
    "AuditEvent",
    "AuditHead",
    "GrantToken",
    "ImpersonationGrant",
    "KeycloakIdentity",
    "KeycloakLogin",
    "OfflineToken",
    "find_identity",
    "remember_identity",
    "user_from_claims",
    "user_of",
]
