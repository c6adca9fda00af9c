"""`manage.py check` names each setting that is wrong or unsafe."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kc_exchange.checks import check_settings
from tests import settings as test_settings
from tests.servers.proofs import ODD_PEM, key_pem

OURS = "kc_exchange.middleware.UserTokenMiddleware"
AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"


def found() -> list[str]:
    return [
        str(message.id).removeprefix("kc_exchange.") for message in check_settings()
    ]


def with_realm(**changes: Any) -> dict[str, Any]:
    raw: dict[str, Any] = copy.deepcopy(test_settings.KC_EXCHANGE)
    raw["REALMS"]["default"] |= {"CLIENT_SECRET": "0123456789abcdef", **changes}
    return raw


def with_key(key: str) -> dict[str, Any]:
    return with_realm(CLIENT_AUTH="private_key_jwt", PRIVATE_KEY=key)


def with_downstream(**changes: Any) -> dict[str, Any]:
    raw = with_realm()
    raw["DOWNSTREAMS"]["orders-api"] |= changes
    return raw


def with_provider(**changes: Any) -> dict[str, Any]:
    google = {"KIND": "google", "AUDIENCES": ["app"], **changes}
    return {**with_realm(), "PROVIDERS": {"google": google}}


@pytest.fixture(autouse=True)
def _good(settings: Any) -> None:
    settings.KC_EXCHANGE = with_realm()


def test_check__good() -> None:
    """The settings of these tests pass."""
    assert found() == []


def test_check__private_key(settings: Any) -> None:
    """A key is one; where the client has another way, nobody looks at it."""
    settings.KC_EXCHANGE = with_key(key_pem())
    assert found() == []

    settings.KC_EXCHANGE = with_realm(PRIVATE_KEY="nonsense")
    assert found() == []


def test_check__missing(settings: Any) -> None:
    """No KC_EXCHANGE at all is one error, not a traceback."""
    del settings.KC_EXCHANGE

    assert found() == ["E001"]


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        ("E003", {"KC_EXCHANGE": with_realm(ISSUER="")}),
        ("E004", {"KC_EXCHANGE": with_realm(ISSUER="http://id.example.com/")}),
        ("E009", {"KC_EXCHANGE": with_downstream(STRATEGY="magic")}),
        ("E012", {"KC_EXCHANGE": {**with_realm(), "CAPTURE": ["nowhere.at_all"]}}),
        ("E012", {"KC_EXCHANGE": {**with_realm(), "USER_FROM_CLAIMS": "kc_exchange"}}),
        ("E012", {"KC_EXCHANGE": {**with_realm(), "CAPTURE": "..capture"}}),
        ("E012", {"KC_EXCHANGE": {**with_realm(), "USER_FROM_CLAIMS": ".user"}}),
        ("E013", {"MIDDLEWARE": [OURS, AUTH]}),
        ("W002", {"MIDDLEWARE": [AUTH]}),
        ("E014", {"KC_EXCHANGE": with_realm(CLIENT_SECRET="shop-secret-change-me")}),
        (
            "W003",
            {
                "KC_EXCHANGE": with_realm(CLIENT_SECRET="shop-secret-change-me"),
                "DEBUG": True,
            },
        ),
        ("W004", {"KC_EXCHANGE": with_realm(CLIENT_SECRET="short")}),
        ("W005", {"KC_EXCHANGE": with_realm(DEADLINE=30)}),
        (
            "W001",
            {
                "KC_EXCHANGE": with_realm(
                    ISSUER="http://id.internal/", ALLOW_PLAIN_HTTP=True
                )
            },
        ),
        ("W006", {"KC_EXCHANGE": with_downstream(STRATEGY="forward")}),
        ("W006", {"KC_EXCHANGE": with_downstream(REQUESTED_ISSUER="google")}),
        ("W006", {"KC_EXCHANGE": with_downstream(ASSERTION_SCOPES=["shared"])}),
        ("E012", {"KC_EXCHANGE": {**with_realm(), "REALM_OF_REQUEST": "nowhere"}}),
        (
            "W024",
            {
                "KC_EXCHANGE": {
                    **with_realm(),
                    "REALM_OF_REQUEST": "kc_exchange.capture.realm_by_host",
                }
            },
        ),
        ("W026", {"KC_EXCHANGE": with_realm(HOSTS=["shop.example.com"])}),
        ("W025", {"KC_EXCHANGE": with_provider(AUDIENCES=["*"])}),
        (
            "E015",
            {"SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies"},
        ),
        ("E016", {"KC_EXCHANGE": with_key("nonsense")}),
        ("E016", {"KC_EXCHANGE": with_key("/run/secrets/key.pem")}),
        ("E016", {"KC_EXCHANGE": with_key(ODD_PEM)}),
    ],
)
def test_check__names_it(settings: Any, number: str, changes: dict[str, Any]) -> None:
    """Each mistake has its number, and nothing else is complained about."""
    for name, value in changes.items():
        setattr(settings, name, value)

    assert found() == [number]


def test_check__has_hints(settings: Any) -> None:
    """Each message says what to do, and no secret."""
    settings.KC_EXCHANGE = with_realm(CLIENT_SECRET="my-own-change-me")

    messages = check_settings()

    assert all(message.hint for message in messages)
    assert "my-own" not in "".join(f"{m.msg}{m.hint}" for m in messages)
