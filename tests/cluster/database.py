"""Look into the cluster's database, past Django."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.cluster.cluster import Cluster

_NAMES = {
    "NAME": "dbname",
    "USER": "user",
    "PASSWORD": "password",
    "HOST": "host",
    "PORT": "port",
}


def rows(cluster: Cluster, query: str, values: Sequence[Any] = ()) -> list[Any]:
    """Run a statement, and return the rows that it has, if it has any."""
    import psycopg  # noqa: PLC0415 - only this needs it, and only with the cluster

    login: Any = {_NAMES[name]: value for name, value in cluster.database.items()}
    with psycopg.connect(**login) as connection:
        done = connection.execute(query.encode(), values)
        return [] if done.description is None else done.fetchall()
