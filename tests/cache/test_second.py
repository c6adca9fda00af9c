"""The cache that processes share: two of them, and what may go wrong between."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from django.core.cache import caches

from kc_exchange import cache as token_path
from kc_exchange.cache import Key, TokenCache, cache_key, shared
from kc_exchange.cache.lease import GIVEN_UP, Lease
from kc_exchange.cache.marks import session_mark
from kc_exchange.exceptions import ExchangeDenied, ExchangeUnavailable
from kc_exchange.tokens import SubjectToken
from tests.cache.backends import Slow
from tests.cache.tools import Loader, age, until
from tests.servers import FaultServer, drips, jwt_of, silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kc_exchange.cache.second import SecondLevel
    from tests.servers import Act

ISSUER = "https://id.example.com/realms/acme"
ALICE = jwt_of(iss=ISSUER, sub="alice", sid="s-1")
BOB = jwt_of(iss=ISSUER, sub="bob", sid="s-2")
KEY_A, KEY_B = "a" * 40, "b" * 40
LOCMEM = "django.core.cache.backends.locmem.LocMemCache"
REDIS = "django.core.cache.backends.redis.RedisCache"


def key_of(token: str, audience: str = "orders-api") -> Key:
    return cache_key(token, audience, subject=(ISSUER, token))


@pytest.fixture
def share(settings: Any) -> Iterator[Callable[..., SecondLevel]]:
    """Return what puts a second level into the settings, and returns it."""

    def use(
        *, backend: str = LOCMEM, location: str = "second", **changes: Any
    ) -> SecondLevel:
        settings.CACHES = {
            **settings.CACHES,
            "tokens": {"BACKEND": backend, "LOCATION": location},
        }
        if backend == LOCMEM:
            caches["tokens"].clear()
        return change(**changes)

    def change(**changes: Any) -> SecondLevel:
        own = {"ALIAS": "tokens", "KEYS": [KEY_A], **changes}
        settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "SHARED_CACHE": own}
        found = shared.current()
        assert found is not None
        return found

    yield use
    shared._level.cache_clear()


@pytest.fixture
def second(share: Callable[..., SecondLevel]) -> SecondLevel:
    """Share a cache in memory."""
    return share()


def rows() -> dict[str, Any]:
    """Return what the cache in memory holds."""
    kept = caches["tokens"]
    names = [name.split(":", 2)[2] for name in kept._cache]  # type: ignore[attr-defined]
    return kept.get_many(names)


@pytest.mark.usefixtures("second")
def test_other_process__finds_the_token() -> None:
    """What one process obtained, another has without asking."""
    load, here, there = Loader(), TokenCache(), TokenCache()
    here.obtain(key_of(ALICE), load, 1.0)

    token = there.obtain(key_of(ALICE), load, 1.0)

    assert token.value == "token-1"
    assert load.calls == ["miss"]
    assert there.get(key_of(ALICE)) is token


@pytest.mark.usefixtures("second")
def test_entry__is_sealed_and_its_name_tells_nothing() -> None:
    """Neither a token nor a user's id nor a session's is in what the cache holds."""
    TokenCache().obtain(key_of(ALICE), Loader(), 1.0)

    held = repr(rows())
    assert len(rows()) == 3
    for told in ("token-1", ALICE, "alice", "s-1"):
        assert told not in held


def _token_row() -> tuple[str, bytes]:
    return next((n, v) for n, v in rows().items() if n.startswith("kc_exchange:token"))


@pytest.mark.parametrize("place", [0, 3, 8, 30, -1])
@pytest.mark.usefixtures("second")
@pytest.mark.fault(23)
def test_forged_entry__is_a_miss_and_an_alarm(
    place: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A changed bit anywhere, and the token is exchanged anew."""
    load = Loader()
    TokenCache().obtain(key_of(ALICE), load, 1.0)
    name, box = _token_row()
    forged = bytearray(box)
    forged[place] ^= 1
    caches["tokens"].set(name, bytes(forged))

    with caplog.at_level(logging.ERROR, "kc_exchange"):
        assert TokenCache().obtain(key_of(ALICE), load, 1.0).value == "token-2"

    assert "shared_cache_forged" in caplog.text
    assert load.calls == ["miss", "miss"]


@pytest.mark.usefixtures("second")
@pytest.mark.fault(23)
def test_another_users_entry__is_a_miss_and_an_alarm(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An entry that was put in another's place does not open there."""
    load = Loader()
    TokenCache().obtain(key_of(ALICE), load, 1.0)
    alices, box = _token_row()
    caches["tokens"].delete(alices)
    TokenCache().obtain(key_of(BOB), load, 1.0)
    bobs, _ = _token_row()
    caches["tokens"].set(bobs, box)

    assert TokenCache().obtain(key_of(BOB), load, 1.0).value == "token-3"
    assert "shared_cache_forged" in caplog.text


@pytest.mark.parametrize("junk", ["text", 7, b"", b"\x01", None, ["a"]])
@pytest.mark.usefixtures("second")
@pytest.mark.fault(22)
def test_junk__is_a_miss(junk: object) -> None:
    """Whatever lies there, it is not taken for a token."""
    load = Loader()
    TokenCache().obtain(key_of(ALICE), load, 1.0)
    for name in rows():
        caches["tokens"].set(name, junk)

    assert TokenCache().obtain(key_of(ALICE), load, 1.0).value == "token-2"


def test_keys__that_rotate_still_open(
    share: Callable[..., SecondLevel], settings: Any
) -> None:
    """With the former key behind the new one nothing is exchanged anew."""
    load = Loader()
    share()
    TokenCache().obtain(key_of(ALICE), load, 1.0)
    own = {"ALIAS": "tokens", "KEYS": [KEY_B, KEY_A]}
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "SHARED_CACHE": own}
    assert TokenCache().obtain(key_of(ALICE), load, 1.0).value == "token-1"

    own = {"ALIAS": "tokens", "KEYS": [KEY_B]}
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "SHARED_CACHE": own}
    assert TokenCache().obtain(key_of(ALICE), load, 1.0).value == "token-2"


def test_keys__of_two_releases_hear_each_other(
    share: Callable[..., SecondLevel], settings: Any
) -> None:
    """While keys rotate, an end said under either is heard under the other."""
    for said_under, read_under in (
        ([KEY_A], [KEY_B, KEY_A]),
        ([KEY_B, KEY_A], [KEY_A]),
    ):
        load = Loader()
        share(KEYS=read_under)
        TokenCache().obtain(key_of(ALICE), load, 1.0)
        own = {"ALIAS": "tokens", "KEYS": said_under}
        settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "SHARED_CACHE": own}
        token_path.forget_session(ISSUER, "s-1")
        own = {"ALIAS": "tokens", "KEYS": read_under}
        settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "SHARED_CACHE": own}

        assert TokenCache().obtain(key_of(ALICE), load, 1.0).value == "token-2"


@pytest.mark.usefixtures("second")
def test_end__of_a_login_reaches_what_its_token_obtained_as_a_bearer() -> None:
    """A lightweight access token names no session; the ID token beside it does."""
    light, id_token = jwt_of(sub="alice"), jwt_of(sub="alice", sid="s-1")
    login = SubjectToken(value=light, id_token=id_token)
    as_login = cache_key(light, "orders-api", subject=(ISSUER, light, id_token))
    as_bearer = cache_key(light, "bearer-api", subject=(ISSUER, light))
    load, here = Loader(), token_path.tokens
    for key in (as_login, as_bearer):
        here.obtain(key, load, 1.0)

    token_path.forget_session_of(ISSUER, login)

    assert here.get(as_login) is None
    assert here.get(as_bearer) is None
    assert TokenCache().obtain(as_login, load, 1.0).value == "token-3"
    assert TokenCache().obtain(as_bearer, load, 1.0).value == "token-4"


@pytest.mark.parametrize("end", ["session", "person"])
@pytest.mark.usefixtures("second")
def test_end__reaches_the_other_process_within_the_bound(end: str) -> None:
    """Ten seconds after its owners were last seen, a copy is looked after again."""
    load, there = Loader(), TokenCache()
    there.obtain(key_of(ALICE), load, 1.0)
    there.obtain(key_of(BOB), load, 1.0)
    if end == "session":
        token_path.forget_session(ISSUER, "s-1")
    else:
        token_path.forget_person(ISSUER, "alice")

    age(there, 10.1)

    load.error = ExchangeDenied()
    with pytest.raises(ExchangeDenied):
        there.obtain(key_of(ALICE), load, 1.0)
    assert there.obtain(key_of(BOB), load, 1.0).value == "token-2"


@pytest.mark.usefixtures("second")
@pytest.mark.fault(33)
def test_end__during_a_flight_makes_a_late_store_invisible() -> None:
    """What is stored after the end, but begun before, nobody finds."""
    load, slow = Loader(), Loader()
    slow.go.clear()
    here = TokenCache()
    thread = threading.Thread(target=lambda: here.obtain(key_of(ALICE), slow, 1.0))
    thread.start()
    until(lambda: slow.calls)
    token_path.forget_session(ISSUER, "s-1")
    slow.go.set()
    thread.join()
    assert _token_row()

    TokenCache().obtain(key_of(ALICE), load, 1.0)

    assert load.calls == ["miss"]


@pytest.mark.usefixtures("second")
def test_end__here_is_at_once() -> None:
    """The process that says it serves nothing of it any more."""
    load = Loader()
    token_path.tokens.obtain(key_of(ALICE), load, 1.0)

    token_path.forget_session(ISSUER, "s-1")

    assert token_path.tokens.get(key_of(ALICE)) is None


@pytest.mark.usefixtures("second")
@pytest.mark.fault(22)
def test_generation__that_got_lost_revives_nothing() -> None:
    """A cache that drops what it likes drops the right to what was there before."""
    load = Loader()
    TokenCache().obtain(key_of(ALICE), load, 1.0)
    for name in rows():
        if "generation" in name:
            caches["tokens"].delete(name)

    assert TokenCache().obtain(key_of(ALICE), load, 1.0).value == "token-2"
    assert TokenCache().obtain(key_of(ALICE), load, 1.0).value == "token-2"


@pytest.mark.usefixtures("second")
def test_not_before__outdates_what_is_shared() -> None:
    """A policy of the issuer holds for what other processes obtained before it."""
    load = Loader()
    key = cache_key(ALICE, issuers=(ISSUER, ""), subject=(ISSUER, ALICE))
    TokenCache().obtain(key, load, 1.0)
    token_path.drop_issuer(ISSUER, int(time.time()))

    assert TokenCache().obtain(key, load, 1.0).value == "token-2"


@pytest.mark.usefixtures("second")
@pytest.mark.fault(30)
def test_crowd__of_two_processes_makes_one_exchange() -> None:
    """Threads of several processes, one cold key, one question."""
    load, processes = Loader(delay=0.3), [TokenCache() for _ in range(4)]

    def one(number: int) -> str:
        return processes[number % 4].obtain(key_of(ALICE), load, 5.0).value

    with ThreadPoolExecutor(40) as pool:
        values = set(pool.map(one, range(40)))

    assert values == {"token-1"}
    assert load.calls == ["miss"]


@pytest.mark.usefixtures("second")
@pytest.mark.fault(32)
def test_holder__that_fails_gives_the_lease_back() -> None:
    """A refusal of one process does not hold the next one up."""
    load = Loader()
    load.error = ExchangeUnavailable()
    with pytest.raises(ExchangeUnavailable):
        TokenCache().obtain(key_of(ALICE), load, 30.0)
    load.error = None

    assert TokenCache().obtain(key_of(ALICE), load, 30.0).value == "token-2"


@pytest.mark.usefixtures("second")
@pytest.mark.fault(11)
def test_holder__that_got_no_answer_is_waited_for_once() -> None:
    """While Keycloak hangs, whoever waited for it asks at once, and not in turn."""
    load, processes = Loader(delay=1.0), [TokenCache() for _ in range(6)]
    load.error = ExchangeUnavailable()

    def waited(process: TokenCache) -> float:
        began = time.monotonic()
        with pytest.raises(ExchangeUnavailable):
            process.obtain(key_of(ALICE), load, 1.0)
        return time.monotonic() - began

    with ThreadPoolExecutor(6) as pool:
        assert max(pool.map(waited, processes)) < 2.7
    assert len(load.calls) == 6


@pytest.mark.usefixtures("second")
@pytest.mark.fault(32)
def test_holder__that_failed_leaves_the_lease_to_later_calls() -> None:
    """Once those who waited for it have heard so, one asks for all again."""
    load, slow = Loader(), Loader(delay=0.3)
    load.error = ExchangeUnavailable()
    with pytest.raises(ExchangeUnavailable):
        TokenCache().obtain(key_of(ALICE), load, 30.0)
    time.sleep(2.1)

    with ThreadPoolExecutor(4) as pool:
        tokens = pool.map(
            lambda _: TokenCache().obtain(key_of(ALICE), slow, 30.0), range(4)
        )

    assert {token.value for token in tokens} == {"token-1"}


@pytest.mark.fault(32)
def test_holder__that_died_is_followed(second: SecondLevel) -> None:
    """After the patience for it somebody else asks."""
    key, load = key_of(ALICE), Loader()
    dead = Lease(second._backend, second._sealer.names("lease", key.message)[0])
    assert dead.take(30.0)
    began = time.monotonic()

    assert TokenCache().obtain(key, load, 0.4).value == "token-1"

    assert time.monotonic() - began >= 0.4


@pytest.mark.parametrize("end", [Lease.release, Lease.give_up])
def test_lease__is_ended_by_its_owner_only(
    second: SecondLevel, end: Callable[[Lease], None]
) -> None:
    """Whoever held it before it ended does not give away what is another's now."""
    first, other = (Lease(second._backend, "kc_exchange:lease:x") for _ in range(2))
    assert first.take(30.0)
    caches["tokens"].delete("kc_exchange:lease:x")
    assert other.take(30.0)

    end(first)

    assert first.take(30.0) is False
    assert caches["tokens"].get("kc_exchange:lease:x") != GIVEN_UP
    other.release()
    assert first.take(30.0)


@pytest.mark.parametrize("end", [Lease.release, Lease.give_up])
def test_lease__that_ends_while_it_is_looked_at_is_left_alone(
    share: Callable[..., SecondLevel],
    monkeypatch: pytest.MonkeyPatch,
    end: Callable[[Lease], None],
) -> None:
    """It was ours when a slow cache read it; it may be another's when that deletes."""
    level = share(backend=f"{Slow.__module__}.Slow", location="slow")
    caches["tokens"].clear()
    first, other = (Lease(level._backend, "kc_exchange:lease:x") for _ in range(2))
    assert first.take(0.0)
    monkeypatch.setattr(Slow, "seconds", 0.7)

    end(first)

    assert other.take(0.0) is False
    assert caches["tokens"].get("kc_exchange:lease:x") != GIVEN_UP


@pytest.mark.usefixtures("second")
def test_renewal__of_another_process_is_adopted() -> None:
    """Near its end a token is renewed by one process, and found by the others."""
    load, here, there = Loader(), TokenCache(), TokenCache()
    for process in (here, there):
        process.obtain(key_of(ALICE), load, 1.0)
    for process in (here, there):
        for entry in process._entries.values():
            entry.renew_at = 0.0
    load.lifetime = 400.0
    here.obtain(key_of(ALICE), load, 1.0)
    until(lambda: load.calls == ["miss", "renewal"] and not here.flights._under_way)

    there.obtain(key_of(ALICE), load, 1.0)
    until(lambda: not there.flights._under_way)

    assert there.obtain(key_of(ALICE), load, 1.0).value == "token-2"
    assert load.calls == ["miss", "renewal"]


@pytest.mark.usefixtures("second")
def test_refused_token__is_dropped_for_all() -> None:
    """What a downstream refused is not found again in the shared cache."""
    load, here = Loader(), TokenCache()
    token = here.obtain(key_of(ALICE), load, 1.0)

    here.discard(key_of(ALICE), token)

    assert here.obtain(key_of(ALICE), load, 1.0).value == "token-2"
    here.discard(key_of(ALICE), token)
    assert TokenCache().obtain(key_of(ALICE), load, 1.0).value == "token-2"


@pytest.mark.usefixtures("second")
def test_token__ends_by_its_first_owners_clock() -> None:
    """A copy lives no longer than the token itself, less the skew."""
    load = Loader(lifetime=4.0)
    TokenCache().obtain(key_of(ALICE), load, 1.0)
    there = TokenCache()
    there.obtain(key_of(ALICE), load, 1.0)
    entry = next(iter(there._entries.values()))

    assert 1.0 < entry.valid_until - time.monotonic() <= 2.0


@pytest.mark.parametrize("greeting", [None, silent, drips(b"$999\r\n" + b"x" * 999)])
@pytest.mark.fault(22)
def test_redis__that_is_away_costs_a_bounded_time_once(
    share: Callable[..., SecondLevel],
    greeting: Act | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Refused, silent or dripping: it is waited for once, and no more."""
    load = Loader()
    with FaultServer(greeting=greeting or silent) as server:
        port = 1 if greeting is None else urlsplit(server.url).port
        location = f"redis://127.0.0.1:{port}/0"
        second = share(backend=REDIS, location=location, TIMEOUT=0.2)
        tokens = TokenCache()
        began = time.monotonic()
        tokens.obtain(key_of(ALICE), load, 1.0)
        assert time.monotonic() - began < 1.0
        began = time.monotonic()
        for audience in map(str, range(20)):
            tokens.obtain(key_of(ALICE, audience), load, 1.0)

        assert time.monotonic() - began < 0.2
        assert second._backend.is_away
    assert len(load.calls) == 21
    assert caplog.text.count("shared_cache_away") == 1


def test_away__serves_a_copy_for_a_minute_at_the_most(
    share: Callable[..., SecondLevel],
) -> None:
    """While nobody can tell of its owners, a copy serves up to 60 s and no longer."""
    share()
    load, tokens = Loader(), TokenCache()
    tokens.obtain(key_of(ALICE), load, 1.0)
    share(backend=REDIS, location="redis://127.0.0.1:1/0")

    age(tokens, 30.0)
    assert tokens.obtain(key_of(ALICE), load, 1.0).value == "token-1"
    age(tokens, 30.0)

    assert tokens.obtain(key_of(ALICE), load, 1.0).value == "token-2"


@pytest.mark.fault(22)
def test_end__that_could_not_be_said_is_said_later(second: SecondLevel) -> None:
    """An end waits for the cache, which nobody reads before."""
    load = Loader()
    TokenCache().obtain(key_of(ALICE), load, 1.0)
    before = rows()
    second._backend._lose(ConnectionError())
    token_path.forget_session(ISSUER, "s-1")
    assert rows() == before

    until(lambda: not second._backend.is_away, 5.0)

    name = second._generations_of(session_mark(ISSUER, "s-1"))[0]
    assert rows()[name] != before[name]
    assert TokenCache().obtain(key_of(ALICE), load, 1.0).value == "token-2"
