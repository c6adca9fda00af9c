"""The breaker: closed, open, and one probe."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest

from kc_exchange import conf
from kc_exchange.exceptions import ExchangeUnavailable
from kc_exchange.exchange.breaker import Breaker
from kc_exchange.exchange.protection import protection_of
from tests.bad_days.tools import answer, at_once, fail
from tests.clock import Clock

pytestmark = pytest.mark.fault(2)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("default", clock=clock)


@pytest.fixture
def opened(breaker: Breaker) -> Breaker:
    """Open it."""
    fail(breaker, 5)
    return breaker


def refusal(breaker: Breaker) -> ExchangeUnavailable:
    with pytest.raises(ExchangeUnavailable) as caught, breaker.attempt():
        pytest.fail("it was let through")
    return caught.value


def test_breaker__opens_after_five_failures_in_a_row(breaker: Breaker) -> None:
    fail(breaker, 4)
    answer(breaker)
    fail(breaker, 4)
    assert breaker.lets_through()

    fail(breaker)

    assert not breaker.lets_through()


def test_breaker__says_why_and_until_when(opened: Breaker, clock: Clock) -> None:
    clock.now += 0.25

    error = refusal(opened)

    assert "it burns" in error.cause
    assert error.retry_after == 0.75
    assert error.diagnosis == "breaker_open"
    with pytest.raises(ExchangeUnavailable):
        opened.check()


@pytest.mark.parametrize("crowd", [2, 20])
def test_breaker__lets_one_probe_through(
    opened: Breaker, clock: Clock, crowd: int
) -> None:
    """The others of the crowd are refused while it is under way, and none after it."""
    clock.now += 1.0
    refused = threading.Semaphore(0)

    def ask(_: int) -> str:
        try:
            with opened.attempt() as attempt:
                for _ in range(crowd - 1):
                    assert refused.acquire(timeout=20)
                attempt.answered = True
        except ExchangeUnavailable:
            refused.release()
            raise
        return "asked"

    assert at_once(crowd, ask).count("asked") == 1
    with opened.attempt(), opened.attempt():
        pass


def test_check__takes_no_probe(opened: Breaker, clock: Clock) -> None:
    clock.now += 1.0

    opened.check()

    answer(opened)
    assert opened.lets_through()


def test_probe__that_fails_opens_it_again(opened: Breaker, clock: Clock) -> None:
    clock.now += 1.0
    fail(opened)
    clock.now += 0.9
    assert refusal(opened).retry_after == pytest.approx(0.1)

    clock.now += 0.1

    answer(opened)
    fail(opened, 4)
    assert opened.lets_through()


def test_clients_of_one_realm__share_the_breaker(settings: Any) -> None:
    """Each is told of its own alias, and may have places of its own."""
    own = settings.KC_EXCHANGE["REALMS"]["default"]
    support = own | {"CLIENT_ID": "support", "MAX_IN_FLIGHT": 3}
    realms = {"default": own, "support": support}
    settings.KC_EXCHANGE = {**settings.KC_EXCHANGE, "REALMS": realms}
    both = [conf.current().realm(alias) for alias in realms]
    fail(protection_of(both[0]).breaker, 5)

    for realm in both:
        with (
            pytest.raises(ExchangeUnavailable) as caught,
            protection_of(realm).attempt(realm, left=1.0),
        ):
            pytest.fail("it was let through")
        assert caught.value.diagnosis == "breaker_open"
        assert caught.value.realm == realm.alias


@pytest.mark.parametrize("crash", [KeyboardInterrupt, ValueError])
def test_probe__that_crashes_is_followed_by_another(
    opened: Breaker, clock: Clock, crash: type[BaseException]
) -> None:
    """Nothing was learned: it is neither closed nor shut for ever."""
    clock.now += 1.0
    with pytest.raises(crash), opened.attempt():
        raise crash

    with opened.attempt():
        assert not opened.lets_through()


def test_late_outcome__of_before_changes_nothing(
    breaker: Breaker, clock: Clock
) -> None:
    """What was sent before it opened tells nothing about now."""
    with breaker.attempt() as good, breaker.attempt() as bad:
        fail(breaker, 5)
        good.answered, bad.answered, bad.why = True, False, "late."
    assert not breaker.lets_through()

    clock.now += 1.0

    assert breaker.lets_through()


def test_late_success__does_not_end_a_pause(breaker: Breaker, clock: Clock) -> None:
    """A server that wants quiet gets it, whatever else it answers meanwhile."""
    with breaker.attempt() as good:
        with breaker.attempt() as attempt:
            attempt.answered, attempt.why, attempt.pause = True, "it said 429.", 7.0
        good.answered = True

    error = refusal(breaker)

    assert error.retry_after == 7.0
    assert not breaker.lets_through(6.9)
    assert breaker.lets_through(7.0)


def test_pause__that_is_learned_during_a_probe(breaker: Breaker, clock: Clock) -> None:
    """An older request's answer asks for quiet: the probe's success ends it not."""
    with breaker.attempt() as late:
        fail(breaker, 5)
        clock.now += 1.0
        probe = breaker.attempt()
        probed = probe.__enter__()
        late.answered, late.why, late.pause = True, "it said 429.", 7.0
    probed.answered = True
    probe.__exit__(None, None, None)

    assert refusal(breaker).retry_after == 7.0
    clock.now += 7.0
    answer(breaker)
    assert breaker.lets_through()


def test_token_that_fails__is_one_failure(breaker: Breaker, clock: Clock) -> None:
    """However often it is sent in a row; as a probe it teaches nothing."""

    def fail_on(question: int, times: int = 1) -> None:
        for _ in range(times):
            with breaker.attempt() as attempt:
                attempt.answered, attempt.question = False, question

    fail_on(7, times=9)
    assert breaker.lets_through()
    for question in (8, 9, 10):
        fail_on(question)
    assert breaker.lets_through()

    fail_on(11)

    assert not breaker.lets_through()
    clock.now += 1.0
    fail_on(11)
    assert breaker.lets_through()


def test_pause__is_not_shortened(breaker: Breaker, clock: Clock) -> None:
    """Of several wishes the longest counts; after it the next one does."""
    with breaker.attempt() as late:
        with breaker.attempt() as attempt:
            attempt.answered, attempt.why, attempt.pause = False, "503.", 30.0
        late.answered, late.why, late.pause = False, "503.", 20.0
    assert refusal(breaker).retry_after == 30.0

    clock.now += 30.0
    with breaker.attempt() as attempt:
        attempt.answered, attempt.why, attempt.pause = False, "503.", 20.0

    assert refusal(breaker).retry_after == 20.0


def test_request__holds_no_lock(breaker: Breaker) -> None:
    """Ten requests are under way at once, also while one of them hangs."""
    together = threading.Barrier(10)

    def ask(_: int) -> int:
        with breaker.attempt() as attempt:
            together.wait(20)
            attempt.answered = True
        return 1

    assert at_once(10, ask) == [1] * 10


def test_log__has_each_outage_once(
    breaker: Breaker, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """One error when it opens, however many probes fail, and one line when it ends."""
    fail(breaker, 5)
    for _ in range(3):
        clock.now += 1.0
        fail(breaker)
    clock.now += 1.0
    answer(breaker)

    lines = [r for r in caplog.records if "kc_exchange.breaker" in r.getMessage()]
    assert [r.levelno for r in lines] == [logging.ERROR, logging.WARNING]
    assert "it burns" in lines[0].getMessage()
    assert "breaker_closed" in lines[1].getMessage()
