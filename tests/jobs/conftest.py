from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.capture import newest
from tests.databases import postgresql
from tests.impersonation.realm_desk import keycloak, realm_desk
from tests.jobs.works import Works, works_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kc_exchange.testing import DownstreamRecorder, EmbeddedKeycloak


@pytest.fixture
def works(
    configure: Callable[..., None],
    embedded_keycloak: EmbeddedKeycloak,
    kc_downstream: DownstreamRecorder,
    settings: Any,
) -> Iterator[Works]:
    """Give alice's browser, logged in; the test is marked with `django_db`."""
    configure(
        embedded_keycloak,
        kc_downstream,
        DOWNSTREAMS={
            "own": {"BASE_URL": kc_downstream.url, "STRATEGY": "service-account"},
            "forwarded": {"BASE_URL": kc_downstream.url, "STRATEGY": "forward"},
        },
    )
    settings.ROOT_URLCONF = "tests.jobs.works"
    yield works_of(embedded_keycloak, kc_downstream)
    newest._entries.clear()
    embedded_keycloak.set_user_enabled("alice", True)


__all__ = ["keycloak", "postgresql", "realm_desk", "works"]
