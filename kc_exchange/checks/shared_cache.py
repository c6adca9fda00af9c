"""Checks of the cache that processes share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.cache import caches
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from django.core.checks import Tags, register

from kc_exchange import conf
from kc_exchange.checks.message import warning

if TYPE_CHECKING:
    from django.core.checks import CheckMessage


@register(Tags.caches)
def check_shared_cache(**_kwargs: Any) -> list[CheckMessage]:
    """W031: what the alias of SHARED_CACHE cannot do; W032: that it is not shared."""
    if conf.problems():
        return []
    shared = conf.current().shared_cache
    if shared is None:
        return []
    backend = caches[shared.alias]
    if isinstance(backend, (LocMemCache, DummyCache)):
        return [
            warning(
                "W032",
                f"SHARED_CACHE names {shared.alias!r}, which is a cache of each "
                "process alone.",
                "Name one of CACHES that all processes reach, such as Redis; or leave "
                "SHARED_CACHE out.",
            )
        ]
    if isinstance(backend, RedisCache):
        return []
    return [
        warning(
            "W031",
            f"SHARED_CACHE names {shared.alias!r}, which is no RedisCache of Django's: "
            "it unpickles what it reads, and waits as long as it likes.",
            "Use django.core.cache.backends.redis.RedisCache; or let nobody else write "
            "there, and set its timeouts in OPTIONS.",
        )
    ]
