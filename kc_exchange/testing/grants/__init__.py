"""The grants of the token endpoint, one module each, and their registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kc_exchange.testing.context import GrantRequest
from kc_exchange.testing.grants.authorization_code import authorization_code
from kc_exchange.testing.grants.client_credentials import client_credentials
from kc_exchange.testing.grants.jwt_authorization import jwt_authorization
from kc_exchange.testing.grants.password import password
from kc_exchange.testing.grants.refresh_token import refresh_token
from kc_exchange.testing.grants.token_exchange import token_exchange

Grant = Callable[[GrantRequest], dict[str, Any]]

GRANTS: dict[str, Grant] = {
    "authorization_code": authorization_code,
    "client_credentials": client_credentials,
    "password": password,
    "refresh_token": refresh_token,
    "urn:ietf:params:oauth:grant-type:jwt-bearer": jwt_authorization,
    "urn:ietf:params:oauth:grant-type:token-exchange": token_exchange,
}
