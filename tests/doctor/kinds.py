"""The servers that are examined: embedded and real, with three sets of features."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import pytest

from kc_exchange.testing.features import KNOWN

STANDARD, LEGACY, PERMISSIONS = "standard", "legacy", "permissions"
FEATURES = {
    STANDARD: frozenset[str](),
    LEGACY: frozenset({"token-exchange"}),
    PERMISSIONS: frozenset({"token-exchange", "admin-fine-grained-authz:v1"}),
}
URL = {
    STANDARD: "KC_EXCHANGE_KEYCLOAK",
    LEGACY: "KC_EXCHANGE_KEYCLOAK_LEGACY",
    PERMISSIONS: "KC_EXCHANGE_KEYCLOAK_PERMISSIONS",
}
"""The variables that name a real server with these features."""
MARKER = {features: f"keycloak_{features}" for features in FEATURES}


@dataclass(frozen=True)
class Kind:
    """A server, by where it runs and what it runs with."""

    features: str
    real: bool

    @property
    def name(self) -> str:
        """The kind as the tests' ids show it."""
        return f"{'real' if self.real else 'embedded'}-{self.features}"

    def param(self, *values: Any, name: str = "") -> Any:
        """Return a parameter of a test that needs this server."""
        marks = ["keycloak", MARKER[self.features]] if self.real else []
        return pytest.param(
            self,
            *values,
            marks=[getattr(pytest.mark, mark) for mark in marks],
            id="-".join(filter(None, (name, self.name))),
        )


def address(features: str) -> str:
    """Where the real server with these features is; empty if there is none."""
    return os.environ.get(URL[features], "").rstrip("/")


def is_embedded(features: str) -> bool:
    """Whether the embedded server can run with these features."""
    return FEATURES[features] <= KNOWN
