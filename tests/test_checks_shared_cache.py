"""What the checks say of the cache that processes share."""

from __future__ import annotations

from typing import Any

import pytest

from kc_exchange.checks import check_shared_cache

BACKENDS = "django.core.cache.backends"


@pytest.mark.parametrize(
    ("backend", "location", "number"),
    [
        ("redis.RedisCache", "redis://127.0.0.1:1/0", None),
        ("locmem.LocMemCache", "x", "kc_exchange.W032"),
        ("dummy.DummyCache", "", "kc_exchange.W032"),
        ("db.DatabaseCache", "table", "kc_exchange.W031"),
    ],
)
def test_backend__is_looked_at(
    settings: Any, backend: str, location: str, number: str | None
) -> None:
    """Only a cache that is shared, bounded in time and no pickle is left in peace."""
    kept = {"BACKEND": f"{BACKENDS}.{backend}", "LOCATION": location}
    settings.CACHES = {**settings.CACHES, "tokens": kept}
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "SHARED_CACHE": {"ALIAS": "tokens"}}

    assert [m.id for m in check_shared_cache()] == ([number] if number else [])


def test_none__is_fine() -> None:
    """A project of one process needs none."""
    assert check_shared_cache() == []
