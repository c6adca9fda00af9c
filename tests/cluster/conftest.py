from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cluster.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Give the cluster, which all tests share."""
    with Cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running
