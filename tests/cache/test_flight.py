"""One call at a time: threads and event loops meet, and none disturbs another."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from kc_exchange.cache import Flights
from kc_exchange.exceptions import ExchangeDenied, ExchangeError, ExchangeUnavailable
from tests.cache.tools import Loader, until

if TYPE_CHECKING:
    from kc_exchange.tokens import AccessToken

KEY = b"k"


class Crash(BaseException):
    """What ends a thread, as SystemExit does."""


def in_threads(count: int, work: object) -> list[object]:
    """Call `work` in many threads at once, and return what each returned or raised."""
    barrier = threading.Barrier(count)

    def one(_: int) -> object:
        barrier.wait()
        try:
            return work()  # type: ignore[operator]
        except BaseException as error:  # noqa: BLE001 - it is what the test is about
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@pytest.mark.fault(30)
def test_run__fifty_threads_make_one_call() -> None:
    """A cold cache and a crowd are one exchange."""
    flights, load = Flights(), Loader(delay=0.3)

    tokens = in_threads(50, lambda: flights.run(KEY, load, 1.0))

    assert len(load.calls) == 1
    assert len({id(token) for token in tokens}) == 1


def test_run__other_keys_do_not_wait() -> None:
    """Two keys are two calls, at the same time."""
    flights, load = Flights(), Loader(delay=0.3)
    keys = iter([b"a", b"b"])

    in_threads(2, lambda: flights.run(next(keys), load, 1.0))

    assert load.most == 2


async def test_arun__two_hundred_tasks_make_one_call() -> None:
    """The same for an event loop."""
    flights, load = Flights(), Loader()
    load.go.clear()
    tasks = [asyncio.ensure_future(flights.arun(KEY, load, 1.0)) for _ in range(200)]
    await asyncio.sleep(0)
    load.go.set()

    tokens = await asyncio.gather(*tasks)

    assert len(load.calls) == 1
    assert len({id(token) for token in tokens}) == 1


@pytest.mark.parametrize("first", ["thread", "loop"])
async def test_run__threads_and_loop_meet(first: str) -> None:
    """Whoever comes first leads, the others share, whichever world they are of."""
    flights, load = Flights(), Loader()
    load.go.clear()

    def in_thread() -> asyncio.Future[AccessToken]:
        return asyncio.ensure_future(asyncio.to_thread(flights.run, KEY, load, 1.0))

    def in_loop() -> asyncio.Future[AccessToken]:
        return asyncio.ensure_future(flights.arun(KEY, load, 1.0))

    order = (in_thread, in_loop) if first == "thread" else (in_loop, in_thread)
    one = order[0]()
    await asyncio.to_thread(until, lambda: load.calls)
    two = order[1]()
    await asyncio.sleep(0.02)
    load.go.set()

    assert (await one) is (await two)
    assert len(load.calls) == 1


@pytest.mark.fault(30)
def test_run__failure_is_shared_as_copies() -> None:
    """Each waiter raises an error of its own: tracebacks do not grow together."""
    flights, load = Flights(), Loader(delay=0.3)
    load.error = ExchangeDenied(error="access_denied", audience="orders-api")

    errors = in_threads(20, lambda: flights.run(KEY, load, 1.0))

    assert len(load.calls) == 1
    assert len({id(error) for error in errors}) == 20
    assert {type(error) for error in errors} == {ExchangeDenied}
    assert {getattr(error, "audience", "") for error in errors} == {"orders-api"}


async def test_arun__failure_is_shared_as_copies() -> None:
    """The same for an event loop."""
    flights, load = Flights(), Loader(delay=0.2)
    load.error = ExchangeDenied(error="access_denied")

    errors = await asyncio.gather(
        *(flights.arun(KEY, load, 1.0) for _ in range(20)), return_exceptions=True
    )

    assert len(load.calls) == 1
    assert len({id(error) for error in errors}) == 20


def test_run__failure_is_not_remembered() -> None:
    """An outage is not cached as a refusal: the next call asks again."""
    flights, load = Flights(), Loader()
    load.error = ExchangeUnavailable()
    with pytest.raises(ExchangeUnavailable):
        flights.run(KEY, load, 1.0)
    load.error = None

    assert flights.run(KEY, load, 1.0).value == "token-2"


@pytest.mark.fault(32)
async def test_arun__cancelled_waiter_disturbs_nobody() -> None:
    """Pitfall 25: the other waiters, and the first one's call, go on."""
    flights, load = Flights(), Loader()
    load.go.clear()
    tasks = [asyncio.ensure_future(flights.arun(KEY, load, 1.0)) for _ in range(5)]
    await asyncio.sleep(0.02)
    tasks[0].cancel()
    tasks[3].cancel()
    await asyncio.sleep(0.02)
    load.go.set()

    done = await asyncio.gather(*tasks, return_exceptions=True)

    cancelled = [isinstance(one, asyncio.CancelledError) for one in done]
    assert cancelled == [True, False, False, True, False]
    assert len(load.calls) == 1


def test_arun__loop_that_is_gone_disturbs_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A call that ends after its loop was closed says nothing, and frees the key."""
    flights, load = Flights(), Loader()
    load.go.clear()

    async def give_up() -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(flights.arun(KEY, load, 5.0), 0.02)

    asyncio.run(give_up())
    load.go.set()
    until(lambda: not flights._under_way)

    assert caplog.text == ""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.fault(32)
def test_run__leader_that_crashes_frees_the_key() -> None:
    """Pitfall 26: a BaseException leaves no flight that nobody ends."""
    flights, load = Flights(), Loader(delay=0.3)
    load.error = Crash()

    ends = in_threads(5, lambda: flights.run(KEY, load, 1.0))

    kinds = sorted(type(end).__name__ for end in ends)
    assert kinds == ["Crash"] + ["ExchangeUnavailable"] * 4
    load.error = None
    assert flights.run(KEY, load, 1.0).value == "token-2"


@pytest.mark.fault(32)
def test_run__leader_that_hangs_is_not_waited_for_for_ever() -> None:
    """A waiter gives up one second after the leader's own deadline."""
    flights, load = Flights(), Loader()
    load.go.clear()
    leader = threading.Thread(target=flights.run, args=(KEY, load, 0.1))
    leader.start()
    until(lambda: load.calls)
    started = time.monotonic()

    with pytest.raises(ExchangeUnavailable):
        flights.run(KEY, load, 0.1)

    assert 1.0 < time.monotonic() - started < 1.5
    load.go.set()
    leader.join()


def test_run__bug_in_the_loader_reaches_everybody() -> None:
    """An error that is none of ours is not swallowed, and frees the key."""
    flights, load = Flights(), Loader(delay=0.2)
    load.error = ZeroDivisionError()

    ends = in_threads(3, lambda: flights.run(KEY, load, 1.0))

    assert {type(end) for end in ends} == {ZeroDivisionError}
    assert not flights._under_way


def test_run__error_has_no_foreign_frames() -> None:
    """A waiter's error does not drag the leader's frames along."""
    flights, load = Flights(), Loader(delay=0.2)
    load.error = ExchangeError()

    ends = in_threads(4, lambda: flights.run(KEY, load, 1.0))

    assert sum(end.__traceback__.tb_next is not None for end in ends) == 4  # type: ignore[attr-defined]
    assert all(end.__cause__ is None for end in ends)  # type: ignore[attr-defined]


def test_part__leaves_the_later_call_alone() -> None:
    """What ends first is not what whoever comes then would join."""
    flights, first, second = Flights(), Loader(), Loader()
    for load in (first, second):
        load.go.clear()
    before = flights.start(b"k", first, b"mark")
    flights.part(lambda marks: marks == b"mark")
    after = flights.start(b"k", second)
    first.go.set()
    before.result(20)
    assert flights.start(b"k", first) is after
    second.go.set()
    assert after.result(20) is not before.result()
