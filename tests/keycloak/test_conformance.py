"""The table, asked of the embedded Keycloak and of a real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.keycloak.rows import verify
from tests.keycloak.table import TABLE

if TYPE_CHECKING:
    from tests.keycloak.rows import Row
    from tests.keycloak.servers import Server


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_reply__is_keycloaks(keycloak: Server, row: Row) -> None:
    """Each request of the table gets the reply that Keycloak gives."""
    verify(row, keycloak)


def test_table__names_each_row_once() -> None:
    """A row's name finds it, so no two rows share one."""
    names = [row.name for row in TABLE]
    assert len(names) == len(set(names))
