"""The four servers: embedded or real, each without and with legacy exchange."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import pytest

STANDARD, LEGACY = "standard", "legacy"
URL = {
    STANDARD: "KC_EXCHANGE_KEYCLOAK",
    LEGACY: "KC_EXCHANGE_KEYCLOAK_LEGACY",
}
"""The variables that name a real server, with Keycloak's default features or with
`--features=token-exchange` as well."""
MARKER = {STANDARD: "keycloak_standard", LEGACY: "keycloak_legacy"}


@dataclass(frozen=True)
class Kind:
    """A server of the table."""

    where: str
    features: str

    @property
    def name(self) -> str:
        """The kind as the tests' ids show it."""
        legacy = self.features == LEGACY
        return f"{self.where}-legacy" if legacy else self.where

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
    Kind(where, features)
    for where in ("embedded", "real")
    for features in (STANDARD, LEGACY)
)


def kinds(only: str = "") -> list[Any]:
    """The kinds with these features (empty: any), as parameters of `a_server`."""
    return [
        pytest.param(kind, marks=kind.marks, id=kind.name)
        for kind in KINDS
        if only in ("", kind.features)
    ]


def on(only: str) -> pytest.MarkDecorator:
    """Ask a test of servers with these features alone."""
    return pytest.mark.parametrize("a_server", kinds(only), indirect=True)


def address(features: str) -> str:
    """Where the real server with these features is; empty if there is none."""
    return os.environ.get(URL[features], "").rstrip("/")
