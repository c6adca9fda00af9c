"""What a scope or a role opens."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from kc_exchange.drf import HasScope

OPEN = ["profile", "customer", "account", "and", "or", "object", "object-not"]
SHUT = ["scope", "scopes", "staff", "other-client", "and-not", "not", "or-admin"]


@pytest.mark.parametrize("path", OPEN)
def test_permission__given(token, call, path):
    """What the token holds opens the view, alone and combined."""
    response = call(f"/{path}", token)
    assert response.status_code == 200
    assert "WWW-Authenticate" not in response


@pytest.mark.parametrize("path", SHUT)
def test_permission__denied(token, call, path):
    """What it does not hold leaves it shut, and the answer is 403."""
    assert call(f"/{path}", token).status_code == 403


def test_role__is_of_the_realm_that_is_named(token, call, settings):
    """Another tenant's administrator gives a role of the same name at will."""
    realms = settings.KC_EXCHANGE["REALMS"]
    other = {**realms["default"], "ISSUER": "https://id.example.com/realms/other"}
    settings.KC_EXCHANGE = {
        **settings.KC_EXCHANGE,
        "REALMS": {**realms, "other": other},
    }

    assert call("/customer-here", token).status_code == 200
    assert call("/customer-there", token).status_code == 403
    assert call("/account-there", token).status_code == 403


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("scope", "orders:read"),
        ("scopes", "profile orders:read"),
        ("or-admin", "orders:read"),
        ("admin-or", "orders:read"),
    ],
)
def test_scope__challenge(token, call, path, scope):
    """The 403 names the scope that is needed (RFC 6750 section 3.1)."""
    challenge = call(f"/{path}", token)["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="api", error="insufficient_scope"')
    assert challenge.endswith(f'scope="{scope}"')


@pytest.mark.parametrize("path", ["staff", "not", "nobody", "other-client"])
def test_role__no_challenge(token, call, path):
    """No scope is named where none would help."""
    assert "WWW-Authenticate" not in call(f"/{path}", token)


@pytest.mark.parametrize("path", ["scope", "customer", "account", "or", "object"])
def test_permission__no_token(keycloak, call, path):
    """Without a token it is a 401 without an error."""
    response = call(f"/{path}")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'


def test_permission__session(keycloak, call):
    """A session's user has no token, so no scope, however mighty they are."""
    browser = Client()
    browser.force_login(get_user_model().objects.create_superuser("root"))
    response = call("/session-scope", client=browser)
    assert response.status_code == 403
    assert "WWW-Authenticate" not in response


@pytest.mark.parametrize("scope", ["", "orders read", 'orders"', "\xe9"])
def test_scope__malformed(scope):
    """What cannot be a scope is refused where it is written."""
    with pytest.raises(ValueError, match="Fix"):
        HasScope(scope)
