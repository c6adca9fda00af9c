"""The features that a server must be started with, for what the settings ask of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.requirements import LEGACY_STRATEGIES, STANDARD_STRATEGIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.conf import Settings

LEGACY = "token-exchange"
PERMISSIONS = "admin-fine-grained-authz:v1"
STANDARD = "token-exchange-standard"
GRANT = "jwt-authorization-grant"
_REPORTED = {
    LEGACY: "TOKEN_EXCHANGE",
    PERMISSIONS: "ADMIN_FINE_GRAINED_AUTHZ",
    STANDARD: "TOKEN_EXCHANGE_STANDARD_V2",
    GRANT: "JWT_AUTHORIZATION_GRANT",
}
"""What each is called where the server reports its features."""
_BY_ITSELF = (STANDARD, GRANT)
"""On unless somebody switched them off, or the server is too old."""


def needed(settings: Settings, *, impersonates: bool) -> tuple[str, ...]:
    """Return all features that the settings use, as `--features` names them."""
    used = {one.strategy for one in settings.downstreams.values()}
    brokers = bool(used & LEGACY_STRATEGIES or settings.providers)
    return (
        *([LEGACY] if impersonates or brokers else []),
        *([PERMISSIONS] if brokers else []),
        *([STANDARD] if used & STANDARD_STRATEGIES else []),
        *([GRANT] if "jwt-grant" in used else []),
    )


def to_name(features: tuple[str, ...], lacking: tuple[str, ...]) -> tuple[str, ...]:
    """Return those that must be named at the start: they are off by themselves."""
    return tuple(n for n in features if n not in _BY_ITSELF or n in lacking)


def missing(features: tuple[str, ...], info: Mapping[str, Any]) -> tuple[str, ...]:
    """Return those that the server says it lacks; none where it does not say."""
    reported = info.get("features")
    if not isinstance(reported, list):
        return ()
    on = {feature["name"] for feature in reported if feature.get("enabled")}
    return tuple(name for name in features if _REPORTED[name] not in on)
