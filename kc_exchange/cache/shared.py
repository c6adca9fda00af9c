"""The second level that the settings name, if they name one."""

from __future__ import annotations

from functools import lru_cache

from kc_exchange import conf
from kc_exchange.cache.second import SecondLevel


def current() -> SecondLevel | None:
    """Return the second level of SHARED_CACHE, None without one."""
    settings = conf.current().shared_cache
    return None if settings is None else _level(settings)


@lru_cache(maxsize=8)
def _level(settings: conf.SharedCache) -> SecondLevel:
    return SecondLevel(settings)
