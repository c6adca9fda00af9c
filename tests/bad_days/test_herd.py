"""Many users whose tokens end at the same time."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from kc_exchange.cache import TokenCache, cache_key
from tests.cache.tools import Loader, age

pytestmark = pytest.mark.fault(31)

USERS = 1000
LIFETIME = 300.0


def test_renewals__of_a_thousand_users_are_spread() -> None:
    """None before seven tenths of the lifetime, all before nine, few in any second."""
    cache, load = TokenCache(), Loader(LIFETIME)
    for number in range(USERS):
        cache.obtain(cache_key(f"user-{number}"), load, 1.0)
    now = time.monotonic()

    shares = [
        (entry.renew_at - now) / (entry.valid_until - now)
        for entry in cache._entries.values()
    ]

    assert 0.68 < min(shares) < 0.73
    assert 0.87 < max(shares) < 0.92
    assert max(Counter(int(share * 100) for share in shares).values()) < USERS / 8


def test_users__are_served_while_theirs_are_renewed() -> None:
    """At nine tenths everybody has a token still, and Keycloak one call for each."""
    cache, load = TokenCache(), Loader(LIFETIME)
    keys = [cache_key(f"user-{number}") for number in range(40)]
    for key in keys:
        cache.obtain(key, load, 1.0)
    load.go.clear()
    age(cache, LIFETIME * 0.9 * 0.95)

    served = [cache.obtain(key, load, 1.0).value for key in keys for _ in range(3)]

    assert len(set(served)) == len(keys)
    load.go.set()
    assert load.calls.count("renewal") <= len(keys)
