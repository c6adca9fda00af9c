"""Logins and logouts in a transaction, as under ATOMIC_REQUESTS, on PostgreSQL."""

from __future__ import annotations

import time
from importlib import import_module
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import login, logout
from django.core.cache import cache as django_cache
from django.db import transaction
from django.http import HttpRequest

from kc_exchange import capture
from kc_exchange.jwt_validation import LogoutToken
from kc_exchange.logout import obey
from kc_exchange.tokens import unverified_claims
from tests.databases import in_another_thread
from tests.impersonation.realm_desk import tokens_of
from tests.logout.conftest import kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.tokens import TokenSet
    from tests.logout.conftest import Shop

pytestmark = pytest.mark.database


@pytest.fixture(autouse=True)
def _on_postgresql(postgresql: str) -> Iterator[None]:
    """Come before the shop, whose people are in this database."""
    yield
    django_cache.clear()


def a_request() -> HttpRequest:
    request = HttpRequest()
    request.session = import_module(django_settings.SESSION_ENGINE).SessionStore()
    return request


def over_at_keycloak(tokens: TokenSet) -> int:
    """Do what Keycloak's logout token for this login says."""
    said = unverified_claims(tokens.access_token)
    return obey(
        LogoutToken(
            issuer=said["iss"],
            subject=said["sub"],
            session_id=said["sid"],
            token_id=str(uuid4()),
            issued_at=int(time.time()),
            expires_at=int(time.time()) + 60,
        )
    )


def log_in(request: HttpRequest, user: Any, tokens: TokenSet) -> str:
    """Log in with what Keycloak gave; return the session's key."""
    capture.keep(request, tokens, user=user)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    request.session.save()
    return str(request.session.session_key)


def test_login__ended_before_its_commit(shop: Shop, postgresql: str) -> None:
    """Keycloak's word, which found no session then, ends it at the commit."""
    alice, request = shop.person("alice"), a_request()
    tokens = tokens_of(shop.keycloak, "alice")

    with transaction.atomic(using=postgresql):
        key = log_in(request, alice, tokens)
        assert in_another_thread(lambda: over_at_keycloak(tokens)) == 0
        assert request.session.exists(key)

    assert not request.session.exists(key)


def test_login__of_which_nothing_was_said(shop: Shop, postgresql: str) -> None:
    """It goes on after the commit."""
    alice, request = shop.person("alice"), a_request()
    tokens = tokens_of(shop.keycloak, "alice")
    with transaction.atomic(using=postgresql):
        key = log_in(request, alice, tokens)
    assert request.session.exists(key)


def test_logout__and_a_request_before_its_commit(shop: Shop, postgresql: str) -> None:
    """It still finds the session and obtains a token, which is forgotten, too."""
    alice = shop.person("alice")
    browser = shop.login(alice)
    tokens, request = kept(browser), a_request()
    request.session, request.user = browser.session, alice
    key = str(request.session.session_key)
    shop.is_kept(tokens)

    with transaction.atomic(using=postgresql):
        logout(request)
        assert in_another_thread(lambda: request.session.exists(key))
        assert not in_another_thread(lambda: shop.is_kept(tokens))
        assert in_another_thread(lambda: shop.is_kept(tokens))

    assert not request.session.exists(key)
    assert not shop.is_kept(tokens)
