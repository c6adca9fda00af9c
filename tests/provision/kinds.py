"""The servers: a small one of the tests' own, and real ones by their features."""

from __future__ import annotations

import os
from typing import Any

import pytest

SMALL = "small"
STANDARD, LEGACY, PERMISSIONS = "standard", "legacy", "permissions"
URL = {
    STANDARD: "KC_EXCHANGE_KEYCLOAK",
    LEGACY: "KC_EXCHANGE_KEYCLOAK_LEGACY",
    PERMISSIONS: "KC_EXCHANGE_KEYCLOAK_PERMISSIONS",
}
"""The variables that name them: with default features, with `token-exchange`, and with
`admin-fine-grained-authz:v1` as well."""
MARKER = {
    STANDARD: "keycloak_standard",
    LEGACY: "keycloak_legacy",
    PERMISSIONS: "keycloak_permissions",
}


def address(features: str) -> str:
    """Where the server with these features is; empty if there is none."""
    return os.environ.get(URL[features], "").rstrip("/")


def on(*kinds: str) -> pytest.MarkDecorator:
    """Ask a test of servers of these kinds alone."""
    params = [pytest.param(kind, id=kind, marks=_marks(kind)) for kind in kinds]
    return pytest.mark.parametrize("keycloak", params, indirect=True, scope="module")


def _marks(kind: str) -> list[Any]:
    if kind == SMALL:
        return []
    return [pytest.mark.keycloak, getattr(pytest.mark, MARKER[kind])]
