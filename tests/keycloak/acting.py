"""Our own impersonation, begun in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange.exchange import impersonate
from kc_exchange.tokens import SubjectToken
from tests.keycloak.servers import USER_IDS
from tests.keycloak.steps import Login
from tests.keycloak.test_our_client import realm

if TYPE_CHECKING:
    from kc_exchange.exchange import Impersonated
    from tests.keycloak.servers import Server

BOB = USER_IDS["bob"]


def operator(
    keycloak: Server,
    user: str = "olga",
    client: str = "frontend",
    scope: str = "openid",
) -> SubjectToken:
    """The token of an operator who has just logged in."""
    login = Login(user=user, client=client, scope=scope)
    return SubjectToken(value=login.obtain(keycloak))


def as_bob(keycloak: Server) -> Impersonated:
    """Let Olga act as Bob."""
    return impersonate(operator(keycloak), BOB, realm(keycloak))
