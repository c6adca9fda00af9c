"""What has ended stays ended, whatever is under way and whatever fails meanwhile."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import caches

from kc_exchange import cache as token_path
from kc_exchange import conf
from kc_exchange.cache import TokenCache, cache_key, flight
from kc_exchange.cache.lease import Lease
from kc_exchange.cache.marks import issuer_mark, person_mark, session_mark
from kc_exchange.cache.second import SecondLevel
from kc_exchange.exceptions import SubjectTokenRejected
from tests.cache.backends import Failing, Lossy, Telling
from tests.cache.test_second import ALICE, BOB, ISSUER, key_of, second, share
from tests.cache.tools import Loader, age, until
from tests.servers import jwt_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from kc_exchange.cache import Key

__all__ = ["second", "share"]  # fixtures

KEY = key_of(ALICE)
SESSION = session_mark(ISSUER, "s-1")
PERSON = person_mark(ISSUER, "alice")


def another_process() -> SecondLevel:
    settings = conf.current().shared_cache
    assert settings is not None
    return SecondLevel(settings)


def found(level: SecondLevel, key: Key = KEY) -> bool:
    """Whether a process finds a token."""
    look = level._look(key)
    assert look is not None
    return look.stored is not None


def lease_of(level: SecondLevel, key: Key = KEY) -> Lease:
    return Lease(level._backend, level._sealer.names("lease", key.message)[0])


def test_end__said_before_it_is_so() -> None:
    """Keycloak gives tokens until it ends the session: these are not used up."""
    here, load = TokenCache(), Loader()
    here.drop_marked(SESSION)
    here.obtain(KEY, load, 1.0)
    here.obtain(key_of(BOB), load, 1.0)
    assert here.get(KEY)

    age(here, 60.1)

    assert here.get(KEY) is None
    assert here.get(key_of(BOB))
    load.error = SubjectTokenRejected("The session is over.")
    with pytest.raises(SubjectTokenRejected):
        here.obtain(KEY, load, 1.0)


def test_end__said_to_others_before_it_is_so(
    share: Callable[..., SecondLevel],
) -> None:
    here = share()
    here.forget([SESSION])
    here.obtain(KEY, Loader(), 1.0)
    assert found(another_process())

    kept: Any = caches["tokens"]
    for name, ends_at in kept._expire_info.items():
        kept._expire_info[name] = ends_at - 60.1

    assert not found(another_process())


def test_end__whose_answer_was_lost_revives_nothing(
    share: Callable[..., SecondLevel], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said again with a new generation, not with the one that others had."""
    here = share(backend=f"{Lossy.__module__}.Lossy", location="lossy")
    monkeypatch.setattr(Lossy, "lossy", True)
    here.forget([PERSON])
    monkeypatch.setattr(Lossy, "lossy", False)
    assert here._backend.is_away
    there = another_process()
    there.obtain(KEY, Loader(), 1.0)
    assert found(there)
    there.forget([PERSON])
    assert not found(there)

    until(lambda: not here._backend.is_away, 5.0)

    assert not found(there)


def test_end__that_could_not_be_put_is_put_later(
    share: Callable[..., SecondLevel], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache that says so, instead of raising, is away; the logout goes on."""
    here = share(backend=f"{Failing.__module__}.Failing", location="failing")
    here.obtain(KEY, Loader(), 1.0)
    monkeypatch.setattr(Failing, "fails", True)

    here.forget([PERSON])

    assert here._backend.is_away
    monkeypatch.setattr(Failing, "fails", False)
    until(lambda: not here._backend.is_away, 5.0)
    assert not found(here)
    assert not here._backend._unsaid


def test_end__where_no_thread_is_to_be_had(
    share: Callable[..., SecondLevel], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The logout goes on, and whoever comes next has the cache looked for."""
    here = share(backend=f"{Failing.__module__}.Failing", location="threads")
    here.obtain(KEY, Loader(), 1.0)
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name == "kc_exchange-cache":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(Failing, "fails", True)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    here.forget([PERSON])
    assert here._backend.is_away
    monkeypatch.undo()

    assert here._look(KEY) is None
    until(lambda: not here._backend.is_away, 5.0)
    assert not found(here)


def test_renewal__that_waited_for_a_thread_brings_nothing_back(
    second: SecondLevel,
) -> None:
    """It was asked for before the logout, begins after it, and another renews."""
    here, load, slow = TokenCache(), Loader(), Loader()
    token = here.obtain(KEY, load, 1.0)
    slow.go.clear()
    for number in range(flight._WORKERS):
        here.flights.start(b"%d" % number, slow)
    for entry in here._entries.values():
        entry.renew_at = 0.0
    assert here.obtain(KEY, load, 1.0) is token
    (renewal,) = [f for f, marks in here.flights._under_way.values() if marks]

    here.drop_marked(SESSION)
    second.forget([SESSION])
    other = lease_of(second)
    assert other.take(1.0)
    slow.go.set()

    assert renewal.result(20) is not token
    assert here.get(KEY) is not token


def test_refused_token__is_not_handed_out_by_a_renewal(
    share: Callable[..., SecondLevel], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a 401 whoever waits for the renewal gets what another process obtains."""
    level = share(backend=f"{Telling.__module__}.Telling", location="telling")
    here, load = TokenCache(), Loader()
    token = here.obtain(KEY, load, 1.0)
    renewal = here._call(KEY, load, 1.0, renewed=here._entries[KEY.digest])
    assert lease_of(level).take(1.0)
    monkeypatch.setattr(Telling, "tell", lambda: here.discard(KEY, token))

    assert renewal() is not token
    assert here.get(KEY) is not token


@pytest.mark.parametrize("shares", [False, True])
def test_late_comer__does_not_join_what_began_before_the_logout(
    request: pytest.FixtureRequest, *, shares: bool
) -> None:
    if shares:
        request.getfixturevalue("second")
    here, load = TokenCache(), Loader()
    load.go.clear()
    with ThreadPoolExecutor(2) as pool:
        before = pool.submit(here.obtain, KEY, load, 5.0)
        until(lambda: load.running)
        here.drop_marked(SESSION)
        after = pool.submit(here.obtain, KEY, load, 5.0)
        until(lambda: load.running == 2 or shares)
        load.go.set()

        assert after.result() is not before.result()
    assert not here.flights._under_way


def test_holder__that_died_is_followed_by_one(second: SecondLevel) -> None:
    """Of several processes that wait one asks, and the others have its token."""
    load = Loader(delay=0.3)
    assert lease_of(second).take(0.5)

    with ThreadPoolExecutor(4) as pool:
        tokens = pool.map(lambda _: TokenCache().obtain(KEY, load, 0.5), range(4))

    assert {token.value for token in tokens} == {"token-1"}
    assert found(second)


def test_late_token__serves_as_if_it_had_come_at_once(second: SecondLevel) -> None:
    """The bound runs from before the exchange: an end during it was not heard of."""
    here, load = TokenCache(), Loader(delay=0.3)
    second._backend._lose(ConnectionError())

    began = time.monotonic()
    here.obtain(KEY, load, 1.0)

    (entry,) = here._entries.values()
    assert entry.fresh_until - began < second.local_seconds + 0.25


def test_not_before__during_an_exchange_voids_its_token(second: SecondLevel) -> None:
    """It was issued before the policy, although it is stored after it."""
    key = cache_key(ALICE, issuers=(ISSUER, ISSUER), subject=(ISSUER, ALICE))
    here, load = TokenCache(), Loader()
    load.go.clear()
    with ThreadPoolExecutor(1) as pool:
        token = pool.submit(here.obtain, key, load, 5.0)
        until(lambda: load.running)
        token_path.drop_issuer(ISSUER, int(time.time()))
        here.drop_marked(issuer_mark(ISSUER))
        load.go.set()
        token.result()

    assert here.get(key) is None
    assert not found(second, key)


def test_lightweight_token__has_the_owner_that_its_id_token_names() -> None:
    """It names no user; the ID token of the same login does."""
    lightweight = jwt_of(iss=ISSUER, sid="s-1")
    named = jwt_of(iss=ISSUER, sub="alice")
    key = cache_key(lightweight, subject=(ISSUER, lightweight, named))
    token_path.tokens.obtain(key, Loader(), 1.0)

    token_path.forget_person(ISSUER, "alice")

    assert token_path.tokens.get(key) is None
    assert session_mark(ISSUER, "s-1") in key.owners


@pytest.mark.parametrize("claim", ["sub", "sid"])
def test_half_a_character__names_no_owner(claim: str) -> None:
    """Whoever sends it as a bearer, unverified, gets to hear what Keycloak says."""
    token = jwt_of(iss=ISSUER, **{claim: "\ud800"})
    key = cache_key(token, subject=(ISSUER, token))

    assert TokenCache().obtain(key, Loader(), 1.0).value == "token-1"
    assert len(key.owners) == 1


def test_holder__that_takes_for_ever_is_not_waited_for(second: SecondLevel) -> None:
    """Whoever asks in the end stores what came, for those who come later."""
    assert lease_of(second).take(30.0)

    assert TokenCache().obtain(KEY, Loader(), 0.1).value == "token-1"
    assert found(second)
