"""The servers that are examined: embedded and real, with three sets of features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests import real_keycloak


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
        return pytest.param(
            self,
            *values,
            marks=real_keycloak.marks(self.features) if self.real else [],
            id="-".join(filter(None, (name, self.name))),
        )
