"""What every test may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import cache, discovery, transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kc_exchange.testing import DownstreamRecorder, EmbeddedKeycloak


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    """Each test starts with no token, no endpoint and no connection of another."""
    yield
    cache.tokens.clear()
    discovery.forget()
    transport.close()


@pytest.fixture
def configure(settings: Any) -> Callable[..., None]:
    """Return a function that points KC_EXCHANGE at a Keycloak and a downstream."""

    def point(
        keycloak: EmbeddedKeycloak,
        downstream: DownstreamRecorder | None,
        **changes: Any,
    ) -> None:
        url = "http://127.0.0.1:9/" if downstream is None else downstream.url
        realm = keycloak.realms[0]
        settings.KC_EXCHANGE = {
            "REALMS": {
                "default": {
                    "ISSUER": keycloak.issuer(realm),
                    "CLIENT_ID": "django-app",
                    "CLIENT_SECRET": "django-app-secret",
                    **changes.pop("REALM", {}),
                }
            },
            "DOWNSTREAMS": {
                "orders-api": {
                    "BASE_URL": url,
                    "SCOPES": ["orders:read"],
                    **changes.pop("DOWNSTREAM", {}),
                },
                **changes.pop("DOWNSTREAMS", {}),
            },
            **changes,
        }

    return point
