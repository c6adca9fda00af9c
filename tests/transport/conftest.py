from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.servers import FaultServer, grants
from tests.servers.certificates import authority, bundle
from tests.servers.site import Site, site, site_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["site"]


@pytest.fixture
def tls_site(settings: Any, caplog: Any, tmp_path: Path) -> Iterator[Callable]:
    """Return a function that gives a site whose Keycloak speaks TLS."""
    begun = []

    def begin(context: ssl.SSLContext) -> Site:
        begun.append(site_of(FaultServer(grants(), tls=context), settings, caplog))
        made = begun[-1].__enter__()
        made.realm["CA_BUNDLE"] = bundle(authority(), tmp_path)
        return made

    yield begin
    for opened in begun:
        opened.__exit__(None, None, None)
