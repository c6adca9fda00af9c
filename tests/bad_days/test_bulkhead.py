"""A slow Keycloak holds so many threads, and not all."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import conf, downstream_session, transport
from kc_exchange.context import using_subject_token
from kc_exchange.exceptions import ExchangeUnavailable
from kc_exchange.exchange.bulkhead import Bulkhead
from kc_exchange.sources import FixedSubject, source_for
from kc_exchange.tokens import SubjectToken
from tests.bad_days.tools import Gate, at_once
from tests.cache.tools import until
from tests.servers import grants

if TYPE_CHECKING:
    from tests.servers.site import Site

pytestmark = pytest.mark.fault(13)


def call(site: Site, number: int) -> Any:
    with (
        using_subject_token(site.subject(jti=f"bulkhead-{number}")),
        downstream_session("orders-api") as session,
    ):
        return session.get(str(number)).status_code


@pytest.fixture
def slow(site: Site) -> Gate:
    """A Keycloak that does not come to an end, and two places in front of it."""
    gate = Gate(grants())
    site.deadline = 30.0
    site.realm = {"MAX_IN_FLIGHT": 2}
    site.configure()
    site.keycloak.acts = [gate]
    return gate


def test_slow_keycloak__sheds_who_cannot_be_served(site: Site, slow: Gate) -> None:
    """A hundred callers, two requests; the others get a clear error to try later."""
    # A third of the deadline is what a caller waits for a place.
    site.deadline = 1.5
    site.configure()
    with ThreadPoolExecutor(2) as pool:
        held = [pool.submit(call, site, number) for number in range(2)]
        slow.wait_for(2)
        time.sleep(0.6)  # requests take longer now than anybody waits for a place

        errors = at_once(50, lambda number: call(site, 10 + number))
        slow.open()
        served = [one.exception(20) or one.result() for one in held]

    assert len(site.keycloak.asked) == 2
    assert {type(error) for error in errors} == {ExchangeUnavailable}
    assert {error.diagnosis for error in errors} == {"bulkhead_full"}
    assert {error.retry_after for error in errors} == {1.0}
    assert served == [200, 200]


def test_caller_with_little_time__does_not_wait_longer(site: Site, slow: Gate) -> None:
    """As a second attempt, late in its deadline: a third of it would be ten seconds."""
    with ThreadPoolExecutor(2) as pool:
        held = [pool.submit(call, site, number) for number in range(2)]
        slow.wait_for(2)
        started = time.monotonic()

        with transport.within(0.1), pytest.raises(ExchangeUnavailable) as caught:
            call(site, 3)
        took = time.monotonic() - started
        slow.open()
        assert [one.result(20) for one in held] == [200, 200]

    assert caught.value.diagnosis == "bulkhead_full"
    assert took < 5


def test_fast_keycloak__serves_a_crowd_in_turn(site: Site, slow: Gate) -> None:
    """Forty users at once are forty exchanges, two at a time."""
    slow.open()

    assert at_once(40, lambda number: call(site, number)) == [200] * 40

    assert len(site.keycloak.asked) == 40


async def test_event_loop__is_bounded_too(site: Site, slow: Gate) -> None:
    """Threads and the loop share the places."""

    def source(number: int) -> Any:
        token = SubjectToken(value=site.subject(jti=f"loop-{number}"))
        orders = conf.current().downstream("orders-api")
        return source_for(orders, FixedSubject(token))

    waiting = [asyncio.ensure_future(source(n).atoken()) for n in range(8)]
    await asyncio.to_thread(slow.wait_for, 2)
    assert len(site.keycloak.asked) == 2
    slow.open()

    assert len({token.value for token in await asyncio.gather(*waiting)}) == 8


def test_other_realm__has_places_of_its_own(site: Site, slow: Gate) -> None:
    """What hangs for one tenant hangs for nobody else."""
    with ThreadPoolExecutor(2) as pool:
        held = [pool.submit(call, site, number) for number in range(2)]
        slow.wait_for(2)
        site.keycloak.acts = [grants()]
        site.realm = {"MAX_IN_FLIGHT": 3}
        site.configure()

        assert call(site, 3) == 200

        slow.open()
        assert [one.result(20) for one in held] == [200, 200]


def test_place__is_given_back_whatever_happens() -> None:
    bulkhead = Bulkhead("default", 1)
    for crash in (ValueError, KeyboardInterrupt):
        with pytest.raises(crash), bulkhead.place(0.0):
            raise crash

    with (
        bulkhead.place(0.0),
        pytest.raises(ExchangeUnavailable),
        bulkhead.place(0.0),
    ):
        pytest.fail("there was one place")


def test_waiting__ends() -> None:
    """Who waits for a place gives up in time, or gets the one that becomes free."""
    bulkhead = Bulkhead("default", 1)
    began, end = threading.Event(), threading.Event()

    def hold() -> None:
        with bulkhead.place(0.0):
            began.set()
            end.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    assert began.wait(20)
    with pytest.raises(ExchangeUnavailable), bulkhead.place(0.1):
        pytest.fail("it is held")
    waiter = threading.Thread(target=lambda: _pass(bulkhead))
    waiter.start()
    end.set()
    waiter.join(20)
    holder.join(20)
    until(lambda: not bulkhead._begun)


def wait_for_place(bulkhead: Bulkhead) -> None:
    """Hold the last place for a moment; whoever waits for it gets it."""
    with ThreadPoolExecutor(1) as pool:
        with bulkhead.place(0.0):
            waiting = pool.submit(_pass, bulkhead)
            time.sleep(0.2)  # it waits by now, or would have been refused
        waiting.result(20)


def test_one_that_hangs__does_not_speak_for_the_others() -> None:
    """The other place is free in a moment, and who waits for it gets it."""
    bulkhead = Bulkhead("default", 2)
    with bulkhead.place(0.0):
        bulkhead._begun = {key: at - 31 for key, at in bulkhead._begun.items()}
        wait_for_place(bulkhead)


def test_slow_request__of_long_ago_refuses_nobody() -> None:
    """What is under way now counts: whoever comes in a burst waits for it."""
    bulkhead = Bulkhead("default", 1)
    with bulkhead.place(0.0):
        bulkhead._begun = {key: at - 31 for key, at in bulkhead._begun.items()}

    wait_for_place(bulkhead)


@pytest.mark.parametrize("slow", ["all", "last"])
def test_nobody__waits_for_a_server_that_takes_longer(slow: str) -> None:
    """Whether a request is under way for longer than that, or the last one took so."""
    bulkhead = Bulkhead("default", 1)
    with bulkhead.place(0.0):
        if slow == "last":
            bulkhead._last = 31.0
        else:
            bulkhead._begun = {key: at - 31 for key, at in bulkhead._begun.items()}

        started = time.monotonic()
        with pytest.raises(ExchangeUnavailable), bulkhead.place(30.0):
            pytest.fail("it is held")

    assert time.monotonic() - started < 20
    assert bulkhead._last >= 0


def _pass(bulkhead: Bulkhead) -> None:
    with bulkhead.place(20.0):
        pass
