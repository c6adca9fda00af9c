"""The cache that processes share, on a real Redis that has bad days."""

from __future__ import annotations

import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import cache as token_path
from kc_exchange.cache import Key, TokenCache, cache_key, shared
from kc_exchange.cache.lease import Lease
from tests.cache.tools import Loader, age, until
from tests.servers import jwt_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kc_exchange.cache.second import SecondLevel

pytestmark = pytest.mark.redis

ISSUER = "https://id.example.com/realms/acme"
ALICE = jwt_of(iss=ISSUER, sub="alice", sid="s-1")
TIMEOUT = 0.3
"""Seconds; more than the default, for machines that are busy."""


def key_of(audience: str = "orders-api") -> Key:
    return cache_key(ALICE, audience, subject=(ISSUER, ALICE))


@pytest.fixture
def redis() -> Iterator[Any]:
    """Give a client of the Redis that is named, which is empty."""
    from redis import Redis  # noqa: PLC0415 - not there without the extra

    client = Redis.from_url(os.environ["KC_EXCHANGE_REDIS"], decode_responses=False)
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


@pytest.fixture
def second(redis: Any, settings: Any) -> Iterator[SecondLevel]:
    """Share it."""
    backend = "django.core.cache.backends.redis.RedisCache"
    location = os.environ["KC_EXCHANGE_REDIS"]
    settings.CACHES = {
        **settings.CACHES,
        "tokens": {"BACKEND": backend, "LOCATION": location, "KEY_PREFIX": "shop"},
    }
    own = {"ALIAS": "tokens", "KEYS": ["a" * 40], "TIMEOUT": TIMEOUT}
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "SHARED_CACHE": own}
    found = shared.current()
    assert found is not None
    yield found
    shared._level.cache_clear()


@pytest.mark.usefixtures("second")
def test_entry__ends_at_the_server_and_tells_nothing(redis: Any) -> None:
    """Sealed, under a name that is no user's, and gone with its token."""
    TokenCache().obtain(key_of(), Loader(lifetime=100.0), 1.0)

    names = redis.keys("*")
    held = b" ".join([*names, *redis.mget(names)])
    assert len(names) == 3
    for told in (b"token-1", ALICE.encode(), b"alice", b"s-1", b"orders-api"):
        assert told not in held
    entry = next(name for name in names if b"kc_exchange:token" in name)
    assert 60 <= redis.ttl(entry) <= 70


@pytest.mark.fault(30)
@pytest.mark.usefixtures("second")
def test_crowd__makes_one_exchange() -> None:
    """Several processes, one cold key, one question."""
    load, processes = Loader(delay=0.3), [TokenCache() for _ in range(4)]

    def one(number: int) -> str:
        return processes[number % 4].obtain(key_of(), load, 5.0).value

    with ThreadPoolExecutor(40) as pool:
        assert set(pool.map(one, range(40))) == {"token-1"}
    assert load.calls == ["miss"]


def test_lease__is_released_by_its_owner_only(second: SecondLevel, redis: Any) -> None:
    first, other = (Lease(second._backend, "kc_exchange:lease:x") for _ in range(2))
    assert first.take(30.0)
    redis.flushdb()
    assert other.take(30.0)

    first.release()

    assert first.take(30.0) is False
    other.release()
    assert first.take(30.0)


@contextmanager
def paused(redis: Any) -> Iterator[None]:
    """It takes commands and answers none, for two seconds."""
    redis.client_pause(2000)
    yield
    redis.ping()


@contextmanager
def read_only(redis: Any) -> Iterator[None]:
    """It is a replica for once, as after a failover."""
    redis.config_set("replica-serve-stale-data", "yes")
    redis.replicaof("127.0.0.1", "1")
    try:
        yield
    finally:
        redis.replicaof("NO", "ONE")


@contextmanager
def full(redis: Any) -> Iterator[None]:
    """It has no memory left, and drops nothing."""
    redis.config_set("maxmemory", 1)
    try:
        yield
    finally:
        redis.config_set("maxmemory", 0)


@contextmanager
def closed_to_strangers(redis: Any) -> Iterator[None]:
    """It asks for a password that nobody was given."""
    redis.config_set("requirepass", "another-password")
    redis.client_kill_filter(_type="normal", skipme=True)
    try:
        yield
    finally:
        redis.config_set("requirepass", "")


@pytest.mark.fault(22)
@pytest.mark.parametrize("bad_day", [paused, read_only, full, closed_to_strangers])
def test_bad_day__costs_a_bounded_time_once(
    second: SecondLevel,
    redis: Any,
    caplog: pytest.LogCaptureFixture,
    bad_day: Callable[[Any], Any],
) -> None:
    """Exchanges go on meanwhile, nobody waits twice; then it serves again."""
    load, tokens = Loader(), TokenCache()
    tokens.obtain(key_of(), load, 1.0)
    with bad_day(redis), caplog.at_level(logging.WARNING, "kc_exchange"):
        tokens.obtain(key_of("first"), load, 1.0)
        began = time.monotonic()
        for number in range(20):
            tokens.obtain(key_of(f"{number}"), load, 1.0)

        assert time.monotonic() - began < TIMEOUT
        assert second._backend.is_away
    assert len(load.calls) == 22
    assert caplog.text.count("shared_cache_away") == 1

    until(lambda: not second._backend.is_away, 5.0)
    assert TokenCache().obtain(key_of(), load, 1.0).value == "token-1"


@pytest.mark.fault(22)
def test_flush__costs_an_exchange_and_no_more(
    second: SecondLevel, redis: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """No alarm, and what is found again is of after the flush."""
    load, tokens = Loader(), TokenCache()
    tokens.obtain(key_of(), load, 1.0)
    redis.flushall()

    age(tokens, 10.1)
    assert tokens.obtain(key_of(), load, 1.0).value == "token-2"
    assert TokenCache().obtain(key_of(), load, 1.0).value == "token-2"
    assert not second._backend.is_away
    assert not caplog.text


def test_idle_connections__that_redis_closed_go_unnoticed(
    second: SecondLevel, redis: Any
) -> None:
    load = Loader()
    TokenCache().obtain(key_of(), load, 1.0)
    redis.client_kill_filter(_type="normal", skipme=True)

    assert TokenCache().obtain(key_of(), load, 1.0).value == "token-1"
    assert not second._backend.is_away


@pytest.mark.fault(22)
def test_end__while_it_takes_no_writes_is_said_when_it_does(
    second: SecondLevel, redis: Any
) -> None:
    """An end is not lost with the write that failed."""
    load = Loader()
    TokenCache().obtain(key_of(), load, 1.0)
    with read_only(redis):
        token_path.forget_session(ISSUER, "s-1")
        assert second._backend.is_away

    until(lambda: not second._backend.is_away, 5.0)
    assert TokenCache().obtain(key_of(), load, 1.0).value == "token-2"
