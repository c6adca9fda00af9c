from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.login.browser import Browser

if TYPE_CHECKING:
    from collections.abc import Callable

    from kc_exchange.testing import DownstreamRecorder, EmbeddedKeycloak


@pytest.fixture
def keycloak(
    configure: Callable[..., None],
    embedded_keycloak: EmbeddedKeycloak,
    kc_downstream: DownstreamRecorder,
) -> EmbeddedKeycloak:
    """Return the embedded Keycloak that the settings point at."""
    configure(embedded_keycloak, kc_downstream)
    return embedded_keycloak


@pytest.fixture
def browser() -> Browser:
    return Browser()
