from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import connection

from tests.admin.office import office

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["atomic_requests", "office"]


@pytest.fixture
def atomic_requests() -> Iterator[None]:
    """Put a transaction around each view that does not say otherwise."""
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    yield
    connection.settings_dict["ATOMIC_REQUESTS"] = False
