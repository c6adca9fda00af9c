"""A project in front of a server that can do anything wrong, or of two of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.site import site
from tests.sources.domains import Domains, domains_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["site"]


@pytest.fixture
def domains(settings: Any) -> Iterator[Domains]:
    """Give two realms that grant everything, until their acts are changed."""
    with domains_of(settings) as made:
        yield made
