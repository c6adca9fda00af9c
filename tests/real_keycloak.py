"""The real Keycloaks that the environment names, by the features they run with."""

from __future__ import annotations

import os
from typing import Any

import pytest

STANDARD, LEGACY, PERMISSIONS = "standard", "legacy", "permissions"
FEATURES: dict[str, tuple[str, ...]] = {
    STANDARD: (),
    LEGACY: ("token-exchange",),
    PERMISSIONS: ("token-exchange", "admin-fine-grained-authz:v1"),
}
"""What `--features` names beyond Keycloak's defaults."""
URL = {
    STANDARD: "KC_EXCHANGE_KEYCLOAK",
    LEGACY: "KC_EXCHANGE_KEYCLOAK_LEGACY",
    PERMISSIONS: "KC_EXCHANGE_KEYCLOAK_PERMISSIONS",
}
"""The variables that name a server with these features."""
MARKER = {features: f"keycloak_{features}" for features in FEATURES}


def address(features: str) -> str:
    """Where the server with these features is; empty if there is none."""
    return os.environ.get(URL[features], "").rstrip("/")


def needed_address(features: str) -> str:
    """The same; the test fails if there is none."""
    url = address(features)
    if not url:
        pytest.fail(f"{URL[features]} is not set; start one with .ci/keycloak start")
    return url


def administrator() -> tuple[str, str]:
    """Name and password of an administrator of each of them."""
    name, word = (f"{URL[STANDARD]}_{part}" for part in ("ADMIN", "PASSWORD"))
    return os.environ.get(name, "admin"), os.environ.get(word, "admin")


def missing() -> list[str]:
    """The markers of tests that cannot run: in CI each server must be there."""
    required = os.environ.get("KC_EXCHANGE_REQUIRE_KEYCLOAK") == "1"
    if required and os.environ.get("CI"):
        return []
    return [MARKER[features] for features in FEATURES if not address(features)]


def marks(features: str) -> list[Any]:
    """The marks of a test that needs the server with these features."""
    return [pytest.mark.keycloak, getattr(pytest.mark, MARKER[features])]
