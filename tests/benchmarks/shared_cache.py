"""(h) The second level: its price a hit, its memory, and the exchanges it saves."""

from __future__ import annotations

import gc
import random
import shutil
import socket
import subprocess
import time
import tracemalloc
from contextlib import contextmanager
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from django.core.cache import caches
from django.test import override_settings

from kc_exchange.cache import Key, TokenCache, cache_key, shared
from kc_exchange.tokens import AccessToken
from tests.benchmarks.report import Claim, Result, Row, microseconds
from tests.benchmarks.rounds import interleaved, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.benchmarks.world import World

_FIRST = "hit in this process"
_SECOND = "hit in Redis: sealed, with its owners' generations"
_SEALED = "  of that: unsealing and reading"
_PLAIN = "Django's RedisCache, the same token in the clear"
_PLAIN_MANY = "Django's RedisCache, get_many of three"
_PROCESSES = 4
_USERS = 500
_AUDIENCES = ("orders-api", "billing-api", "stock-api")
_REQUESTS = 10_000
_MOST = 1.5


def measure(world: World, *, quick: bool) -> Result:
    """Time the levels, then count bytes and exchanges."""
    rounds, calls = (7, 200) if quick else (30, 1000)
    with _redis() as place, _settings(place):
        samples = _timed(world, rounds, calls)
        alone, together = _exchanges(world, place)
    small, large = (_bytes_each(world, count) for count in (10_000, 100_000))
    cost = ratio(samples[_SECOND], samples[_PLAIN_MANY])
    return Result(
        "(h) The cache that processes share",
        f"Redis on this machine; {rounds} rounds of {calls} hits. Memory: tracemalloc "
        f"over entries of distinct tokens. Exchanges: {_REQUESTS} requests of "
        f"{_USERS} users (a few of them make most) for three audiences, spread over "
        f"{_PROCESSES} processes, within the life of a token.",
        [Row(name, values) for name, values in samples.items()],
        [
            Claim(
                f"a sealed hit under {_MOST:g} times three plain reads in one go",
                f"{cost:.2f} times; "
                f"{microseconds(median(samples[_SEALED]))} go into unsealing",
                holds=cost < _MOST,
            ),
            Claim(
                "memory per token does not grow with the users",
                f"{small:.0f} bytes at 10,000, {large:.0f} at 100,000 "
                f"({large / small:.3f} times)",
                holds=large / small < 1.1,
            ),
            Claim(
                "fewer exchanges with the second level",
                f"{together:.1f} in 1,000 requests, {alone:.1f} without",
                holds=together < alone,
            ),
        ],
    )


def _timed(world: World, rounds: int, calls: int) -> dict[str, list[float]]:
    second = shared.current()
    assert second is not None
    token = world.token()
    key, tokens = _key(world, token, "orders-api"), TokenCache()
    tokens.obtain(key, lambda _: _token(token), 5.0)
    plain = caches["tokens"]
    names = ["plain", "other-1", "other-2"]
    plain.set_many(dict.fromkeys(names, token), 300)
    place = second._sealer.names("token", key.message)[0]
    box = (second._backend.get_many([place]) or {})[place]

    def times(what):
        def run(count: int) -> None:
            for _ in range(count):
                what()

        return run

    def never() -> AccessToken:
        raise AssertionError("it is there")

    return interleaved(
        {
            _FIRST: times(lambda: tokens.get(key)),
            _SECOND: times(lambda: second.obtain(key, never, 1.0)),
            _SEALED: times(lambda: second._sealer.open(place, box)),
            _PLAIN: times(lambda: plain.get("plain")),
            _PLAIN_MANY: times(lambda: plain.get_many(names)),
        },
        rounds=rounds,
        calls=calls,
    )


def _exchanges(world: World, place: str) -> tuple[float, float]:
    """Return the exchanges per 1,000 requests, without the second level and with."""
    users = [world.token() for _ in range(_USERS)]
    with _settings(None):
        alone = _mix(world, users)
    with _settings(place):
        together = _mix(world, users)
    return alone, together


def _mix(world: World, users: list[str]) -> float:
    chance = random.Random(8693)  # noqa: S311 - the same mix for both
    weights = [1 / (rank + 1) for rank in range(len(users))]
    processes = [TokenCache() for _ in range(_PROCESSES)]
    made = 0

    def load(_: str) -> AccessToken:
        nonlocal made
        made += 1
        return _token(user)

    for user in chance.choices(users, weights, k=_REQUESTS):
        key = _key(world, user, chance.choice(_AUDIENCES))
        process = chance.choice(processes)
        _ = process.get(key) or process.obtain(key, load, 5.0)
    return made / _REQUESTS * 1000


def _bytes_each(world: World, count: int) -> float:
    sample = world.token()
    with _settings(None, CACHE_SIZE=count + 1):
        tokens = TokenCache()
        gc.collect()
        tracemalloc.start()
        for number in range(count):
            value = f"{sample[:-8]}{number:08d}"
            made = _token(value)
            tokens.obtain(Key(value.encode()), partial(_given, made), 5.0)
        gc.collect()
        used, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(tokens) == count
    return used / count


def _given(token: AccessToken, _: str) -> AccessToken:
    return token


def _token(value: str) -> AccessToken:
    return AccessToken(value=value, expires_at=time.time() + 300)


def _key(world: World, token: str, audience: str) -> Key:
    return cache_key("bench", token, audience, subject=(world.issuer, token))


@contextmanager
def _settings(place: str | None, **changes: object) -> Iterator[None]:
    from django.conf import settings  # noqa: PLC0415 - as they are by then

    own = {**settings.KC_EXCHANGE, **changes}
    own.pop("SHARED_CACHE", None)
    known = {**settings.CACHES}
    if place:
        own["SHARED_CACHE"] = {"ALIAS": "tokens", "TIMEOUT": 1.0}
        backend = "django.core.cache.backends.redis.RedisCache"
        known["tokens"] = {"BACKEND": backend, "LOCATION": place}
    with override_settings(KC_EXCHANGE=own, CACHES=known):
        yield


@contextmanager
def _redis() -> Iterator[str]:
    """Start a Redis of our own, and stop it."""
    program = shutil.which("redis-server")
    if program is None:
        raise SystemExit("(h) needs Redis. Fix: apt-get install redis-server")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ("--port", str(port), "--bind", "127.0.0.1", "--save", "")
    server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)  # noqa: S603
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait()
