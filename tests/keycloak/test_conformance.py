"""The table, asked of embedded Keycloaks and of real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.keycloak.kinds import KINDS, meant
from tests.keycloak.rows import verify
from tests.keycloak.table import TABLE
from tests.real_keycloak import FEATURES

if TYPE_CHECKING:
    from tests.keycloak.rows import Row
    from tests.keycloak.servers import Server


CASES = [
    pytest.param(kind, row, marks=kind.marks, id=f"{kind.name}-{row.name}")
    for kind in KINDS
    for row in TABLE
    if meant(row.only, kind.features)
]


@pytest.mark.parametrize(("a_server", "row"), CASES, indirect=["a_server"])
def test_reply__is_keycloaks(keycloak: Server, row: Row) -> None:
    """Each request of the table gets the reply that Keycloak gives."""
    verify(row, keycloak)


def test_table__names_each_row_once() -> None:
    """A row's name finds it, so no two rows of a server share one."""
    for features in FEATURES:
        names = [row.name for row in TABLE if meant(row.only, features)]
        assert len(names) == len(set(names))
