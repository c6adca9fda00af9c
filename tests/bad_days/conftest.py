from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.servers import FaultServer, grants
from tests.servers.site import site_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.site import Site


@pytest.fixture
def site(settings: Any, caplog: Any) -> Iterator[Site]:
    """Give a site with time enough: a busy machine is no fault."""
    with site_of(FaultServer(grants()), settings, caplog) as made:
        made.deadline = 5.0
        yield made
