"""What the cache keeps, how long, and what it lets go."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.cache import Key, TokenCache, cache_key
from kc_exchange.exceptions import (
    ExchangeDenied,
    ExchangeUnavailable,
    SubjectTokenRejected,
)
from tests.cache.tools import Loader, age, until

if TYPE_CHECKING:
    from kc_exchange.tokens import AccessToken

KEY = Key(b"k")


def cache_with(load: Loader) -> TokenCache:
    cache = TokenCache()
    cache.obtain(KEY, load, 1.0)
    return cache


@pytest.mark.parametrize(
    ("lifetime", "kept"), [(300.0, 270.0), (60.0, 30.0), (30.0, 15.0), (2.0, 1.0)]
)
def test_token__is_kept_for_its_lifetime_less_the_skew(
    lifetime: float, kept: float
) -> None:
    """Pitfall 18: the skew is 30 s, and never more than half of the lifetime.

    A renewal that fails just before does not make it longer.
    """
    load = Loader(lifetime)
    cache = cache_with(load)
    load.error = ExchangeUnavailable()

    age(cache, kept - 0.08)
    assert cache.obtain(KEY, load, 1.0).value == "token-1"
    until(lambda: load.calls == ["miss", "renewal"] and not cache.flights._under_way)
    age(cache, 0.1)

    assert cache.get(KEY) is None
    with pytest.raises(ExchangeUnavailable):
        cache.obtain(KEY, load, 1.0)


@pytest.mark.parametrize("lifetime", [0.0, -1.0, -300.0])
def test_token__that_is_over_is_used_once(lifetime: float) -> None:
    """Pitfall 19: it is handed out, as Keycloak gave it, and never stored."""
    load = Loader(lifetime)
    cache = cache_with(load)
    cache.obtain(KEY, load, 1.0)

    assert len(cache) == 0
    assert load.calls == ["miss", "miss"]


@pytest.mark.fault(31)
def test_renewal__runs_while_the_old_token_serves() -> None:
    """Near its end a token is renewed in the background, once."""
    load = Loader(300.0)
    cache = cache_with(load)
    load.go.clear()
    age(cache, 265.0)

    served = [cache.obtain(KEY, load, 1.0).value for _ in range(5)]

    assert served == ["token-1"] * 5
    load.go.set()
    until(lambda: len(load.calls) == 2 and not cache.flights._under_way)
    assert cache.obtain(KEY, load, 1.0).value == "token-2"
    assert load.calls == ["miss", "renewal"]


async def test_renewal__runs_for_an_event_loop_too() -> None:
    """An async caller gets the old token at once, and the new one later."""
    load = Loader(300.0)
    cache = cache_with(load)
    age(cache, 265.0)

    assert (await cache.aobtain(KEY, load, 1.0)).value == "token-1"
    until(lambda: len(load.calls) == 2 and not cache.flights._under_way)
    assert (await cache.aobtain(KEY, load, 1.0)).value == "token-2"


def test_renewal__without_a_thread_keeps_the_old_token() -> None:
    """A process that ends, or may start no thread, still serves what is good."""
    load = Loader(300.0)
    cache = cache_with(load)
    cache.flights._executor().shutdown()
    age(cache, 265.0)

    assert cache.obtain(KEY, load, 1.0).value == "token-1"


@pytest.mark.fault(3)
def test_renewal__that_fails_keeps_the_old_token() -> None:
    """During an outage a token serves until its end, asked rarely."""
    load = Loader(300.0)
    cache = cache_with(load)
    age(cache, 265.0)
    load.error = ExchangeUnavailable()

    for _ in range(3):
        assert cache.obtain(KEY, load, 1.0).value == "token-1"
        until(lambda: not cache.flights._under_way)

    assert load.calls == ["miss", "renewal"]
    age(cache, 10.0)
    with pytest.raises(ExchangeUnavailable):
        cache.obtain(KEY, load, 1.0)


@pytest.mark.parametrize("error", [SubjectTokenRejected(), ExchangeDenied()])
def test_renewal__that_is_refused_drops_the_old_token(error: Exception) -> None:
    """A user who may no longer does not go on with what is left of a token."""
    load = Loader(300.0)
    cache = cache_with(load)
    age(cache, 265.0)
    load.error = error
    cache.obtain(KEY, load, 1.0)

    until(lambda: len(cache) == 0)

    with pytest.raises(type(error)):
        cache.obtain(KEY, load, 1.0)


def test_discard__compares_before_it_deletes() -> None:
    """A late 401 for the old token leaves the newer one alone."""
    load = Loader()
    cache = cache_with(load)
    old = cache.obtain(KEY, load, 1.0)
    cache.discard(KEY, old)
    new = cache.obtain(KEY, load, 1.0)

    cache.discard(KEY, old)
    cache.discard(Key(b"other"), new)

    assert cache.get(KEY) is new


@pytest.mark.fault(33)
def test_clear__during_a_flight_stores_nothing() -> None:
    """What was under way is handed out, and not kept."""
    load = Loader()
    load.go.clear()
    cache = TokenCache()
    got: list[AccessToken] = []
    thread = threading.Thread(target=lambda: got.append(cache.obtain(KEY, load, 1.0)))
    thread.start()
    until(lambda: load.calls)
    cache.clear()
    load.go.set()
    thread.join()

    assert got[0].value == "token-1"
    assert len(cache) == 0


@pytest.fixture
def small(settings: Any) -> TokenCache:
    """Give a cache of three entries, the newest of which lives shortest."""
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "CACHE_SIZE": 3}
    cache = TokenCache()
    for name, lifetime in ((b"a", 300.0), (b"b", 300.0), (b"c", 10.0)):
        cache.obtain(Key(name), Loader(lifetime), 1.0)
    return cache


def test_bound__drops_the_oldest(small: TokenCache) -> None:
    """The bound holds, whatever is asked for."""
    small.obtain(Key(b"d"), Loader(), 1.0)

    assert len(small) == 3
    assert small.get(Key(b"a")) is None
    assert small.get(Key(b"d")) is not None


def test_bound__drops_what_has_expired_first(small: TokenCache) -> None:
    """An old token that is still good outlives a young one that is over."""
    age(small, 9.0)
    small.obtain(Key(b"d"), Loader(), 1.0)

    assert len(small) == 3
    assert small.get(Key(b"a")) is not None
    assert small.get(Key(b"c")) is None


def test_over__is_dropped_though_there_is_room() -> None:
    """Once a minute, so that memory follows the tokens that are good."""
    cache = TokenCache()
    for name, lifetime in ((b"a", 300.0), (b"b", 10.0)):
        cache.obtain(Key(name), Loader(lifetime), 1.0)
    age(cache, 9.0)
    cache.obtain(Key(b"c"), Loader(), 1.0)
    assert len(cache) == 3

    cache._looked_at -= 61
    cache.obtain(Key(b"d"), Loader(), 1.0)

    assert len(cache) == 3
    assert cache.get(Key(b"a")) is not None


@pytest.mark.parametrize("jump", [3600.0, -3600.0, 10**8])
@pytest.mark.fault(16)
def test_clock__that_jumps_changes_no_lifetime(
    monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    """Pitfall 32: once stored, a token ends by the monotonic clock."""
    load = Loader(300.0)
    cache = cache_with(load)
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + jump)

    assert cache.obtain(KEY, load, 1.0).value == "token-1"
    age(cache, 271.0)
    assert cache.obtain(KEY, load, 1.0).value == "token-2"


def test_cache_key__has_borders() -> None:
    """No two lists of parts run into the same text."""
    keys = {
        cache_key("a", "b").message,
        cache_key("ab").message,
        cache_key("ab", "").message,
        cache_key("", "ab").message,
        cache_key("a", "b", "").message,
        cache_key("1:a", "b").message,
        cache_key("ä", "b").message,
    }

    assert len(keys) == 7
    assert cache_key("a", "b").digest == cache_key("a", "b").digest


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@pytest.mark.fault(34)
def test_fork__during_a_flight_does_not_hang_the_child() -> None:
    """Locks and flights of the parent's threads stay in the parent."""
    load = Loader()
    load.go.clear()
    cache = TokenCache()
    thread = threading.Thread(target=cache.obtain, args=(KEY, load, 1.0))
    thread.start()
    until(lambda: load.calls)
    child = os.fork()
    if child == 0:
        value = cache.obtain(KEY, Loader(), 0.5).value
        os._exit(0 if value == "token-1" else 1)

    load.go.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
