"""One running demo for all tests that only look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.exampleproject.shops import shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exampleproject.demo.stack import Stack


@pytest.fixture(scope="module")
def demo() -> Iterator[Stack]:
    """The shop, its services and the embedded Keycloak."""
    with shop() as running:
        yield running
