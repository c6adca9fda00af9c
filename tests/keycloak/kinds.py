"""The six servers: embedded or real, each with three sets of features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.real_keycloak import FEATURES, STANDARD, marks


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
        return marks(self.features) if self.real else []


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
