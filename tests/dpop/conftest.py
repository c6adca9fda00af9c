from __future__ import annotations

import pytest

from tests.servers.proofs import binds, key_pem
from tests.servers.site import Site, site

__all__ = ["site"]


@pytest.fixture
def pem() -> str:
    """Give a new key."""
    return key_pem()


@pytest.fixture
def bound_site(site: Site, pem: str) -> Site:
    """Give a site whose downstream wants bound tokens, and a server that binds."""
    site.realm["DPOP_KEY"] = pem
    site.orders["DPOP"] = True
    site.keycloak.acts = [binds()]
    return site
