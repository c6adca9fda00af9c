"""Validate the bearer tokens that are sent to this project.

The cryptography is PyJWT's; what is read, and in which order, is decided here, because
a library for every JWT accepts much that an access token of Keycloak never is.
"""

from __future__ import annotations

from kc_exchange.jwt_validation.actors import Actor
from kc_exchange.jwt_validation.claims import Claims
from kc_exchange.jwt_validation.id_token import validate_id_token
from kc_exchange.jwt_validation.logout_token import LogoutToken, validate_logout_token
from kc_exchange.jwt_validation.not_before import refuse_issued_before
from kc_exchange.jwt_validation.validation import forget, validate

__all__ = [
    "Actor",
    "Claims",
    "LogoutToken",
    "forget",
    "refuse_issued_before",
    "validate",
    "validate_id_token",
    "validate_logout_token",
]
