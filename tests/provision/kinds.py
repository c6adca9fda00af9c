"""The servers: a small one of the tests' own, and real ones by their features."""

from __future__ import annotations

import pytest

from tests.real_keycloak import marks

SMALL = "small"


def on(*kinds: str) -> pytest.MarkDecorator:
    """Ask a test of servers of these kinds alone."""
    params = [
        pytest.param(kind, id=kind, marks=[] if kind == SMALL else marks(kind))
        for kind in kinds
    ]
    return pytest.mark.parametrize("keycloak", params, indirect=True, scope="module")
