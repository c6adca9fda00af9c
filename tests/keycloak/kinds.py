"""The six servers: embedded or real, each with three sets of features."""

from __future__ import annotations

import os
from dataclasses import dataclass
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
"""The variables that name a real server with these features."""
MARKER = {
    STANDARD: "keycloak_standard",
    LEGACY: "keycloak_legacy",
    PERMISSIONS: "keycloak_permissions",
}


@dataclass(frozen=True)
class Kind:
    """A server of the table."""

    where: str
    features: str

    @property
    def name(self) -> str:
        """The kind as the tests' ids show it."""
        plain = self.features == STANDARD
        return self.where if plain else f"{self.where}-{self.features}"

    @property
    def real(self) -> bool:
        """Whether it is somebody else's process."""
        return self.where == "real"

    @property
    def marks(self) -> list[Any]:
        """What a test of this kind needs."""
        names = ["keycloak", MARKER[self.features]] if self.real else []
        return [getattr(pytest.mark, name) for name in names]


KINDS = tuple(
    Kind(where, features) for where in ("embedded", "real") for features in FEATURES
)


def meant(only: str, features: str) -> bool:
    """Whether `only`, the names of feature sets, means this one; empty means any."""
    return not only or features in only.split()


def kinds(only: str = "") -> list[Any]:
    """The kinds that `only` means, as parameters of `a_server`."""
    return [
        pytest.param(kind, marks=kind.marks, id=kind.name)
        for kind in KINDS
        if meant(only, kind.features)
    ]


def on(only: str) -> pytest.MarkDecorator:
    """Ask a test of servers with these features alone."""
    return pytest.mark.parametrize("a_server", kinds(only), indirect=True)


def address(features: str) -> str:
    """Where the real server with these features is; empty if there is none."""
    return os.environ.get(URL[features], "").rstrip("/")
