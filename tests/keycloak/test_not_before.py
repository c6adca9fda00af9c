"""Whose not-before policy an answer brings, as both servers have it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kc_exchange.exchange import exchange
from kc_exchange.jwt_validation.not_before import not_before
from kc_exchange.sources import policies
from kc_exchange.tokens import SubjectToken
from tests.keycloak.test_our_client import ORDERS, realm, tokens

if TYPE_CHECKING:
    from kc_exchange.tokens import AccessToken
    from tests.keycloak.servers import Server


def exchanged(keycloak: Server, user: str) -> AccessToken:
    login = tokens(keycloak, "frontend", user)
    return exchange(SubjectToken(value=login["access_token"]), ORDERS, realm(keycloak))


def test_user__who_was_logged_out_brings_an_own_policy(keycloak: Server) -> None:
    """Her answers name that moment; neither those of others do, nor the page."""
    before = int(time.time()) - 1
    keycloak.admin.end_sessions("alice")
    alice, bob = exchanged(keycloak, "alice"), exchanged(keycloak, "sam")
    policies.learn(realm(keycloak), alice.not_before, alice.subject)

    assert alice.not_before > before
    assert bob.not_before < before
    assert not_before(keycloak.issuer, alice.subject) == alice.not_before
    assert not_before(keycloak.issuer, bob.subject) < before
