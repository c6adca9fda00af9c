"""What `provision` makes is what `doctor` looks at: both go by one rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import conf
from kc_exchange.requirements import impersonates, server_of
from tests.doctor.conftest import doctor, examined
from tests.doctor.double import NO_LEGACY, double, refuses

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["doctor", "examined"]

OURS = "kc_exchange.middleware.ImpersonationMiddleware"


@pytest.mark.parametrize(
    ("installed", "said", "used"),
    [
        (True, {}, True),
        (True, {"AT_KEYCLOAK": "never"}, False),
        (False, {}, False),
        (False, {"OPERATOR_ROLE": "support"}, True),
        (False, {"AT_KEYCLOAK": "never"}, False),
    ],
)
def test_impersonates__by_middleware_or_settings(
    settings: Any, installed: bool, said: dict[str, str], used: bool
) -> None:
    """Another project that shares the settings may have the middleware."""
    others = [name for name in settings.MIDDLEWARE if name != OURS]
    settings.MIDDLEWARE = [*others, OURS] if installed else others
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "IMPERSONATION": said}

    assert impersonates(conf.current()) is used


def test_doctor__looks_at_impersonation_that_is_configured_alone(
    settings: Any, examined: Callable[..., Any]
) -> None:
    """As `provision` makes what it needs, though the middleware runs elsewhere."""
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != OURS]
    with double(settings, features=refuses(400, "invalid_request", NO_LEGACY)):
        settings.KC_EXCHANGE["IMPERSONATION"] = {"OPERATOR_ROLE": "support"}
        report = examined()

    found = [f for f in report["findings"] if f["about"] == "impersonation"]
    assert [f["code"] for f in found] == ["legacy_off"]


@pytest.mark.parametrize(
    ("issuer", "server"),
    [
        ("https://id.example/realms/shop", "https://id.example"),
        ("https://id.example/auth/realms/shop", "https://id.example/auth"),
        ("https://id.example/realms/of/realms/shop", "https://id.example/realms/of"),
    ],
)
def test_server__stands_before_the_last_realms(issuer: str, server: str) -> None:
    """A proxy may put anything before it."""
    realm = conf.Realm(alias="default", issuer=issuer, client_id="app")

    assert server_of(realm) == server
