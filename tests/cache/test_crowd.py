"""A crowd of threads, tasks and processes in front of one token endpoint."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import cache, downstream_client, downstream_session
from kc_exchange.context import using_subject_token
from kc_exchange.exceptions import AudienceNotAvailable, ExchangeError
from tests.servers import closes, grants, replies

if TYPE_CHECKING:
    from tests.servers.site import Site

DENIED = (
    '{"error": "invalid_request", '
    '"error_description": "Requested audience not available: orders-api"}'
)


def crowd(site: Site, count: int) -> list[Any]:
    """Call as Alice in many threads at once; return what each got or raised."""
    site.deadline = 5.0
    site.configure()
    subject = site.subject()
    barrier = threading.Barrier(count)

    def one(number: int) -> Any:
        with using_subject_token(subject), downstream_session("orders-api") as session:
            barrier.wait()
            try:
                return session.get(str(number)).status_code
            except ExchangeError as error:
                return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@pytest.mark.fault(30)
def test_fifty_threads__cold_cache(site: Site) -> None:
    """One exchange, and everybody calls with its token."""
    site.keycloak.acts = [grants(delay=0.4)]

    assert crowd(site, 50) == [200] * 50

    assert len(site.keycloak.asked) == 1
    assert len(set(site.downstream.tokens)) == 1


@pytest.mark.fault(30)
def test_fifty_threads__refused(site: Site) -> None:
    """A refusal is shared, too, as an error for each; nobody asks again."""
    denies = replies(DENIED, 400)
    site.keycloak.acts = [lambda wire: not wire.stopping.wait(0.4) and denies(wire)]
    errors = crowd(site, 50)

    assert {type(error) for error in errors} == {AudienceNotAvailable}
    assert len({id(error) for error in errors}) == 50
    assert len(site.keycloak.asked) == 1
    assert site.downstream.requests == []


@pytest.mark.fault(30)
async def test_two_hundred_tasks__cold_cache(site: Site) -> None:
    """The same in an event loop, with threads among them."""
    site.deadline = 5.0
    site.configure()
    site.keycloak.acts = [grants(delay=0.4)]
    subject = site.subject()

    def in_thread() -> int:
        with using_subject_token(subject), downstream_session("orders-api") as session:
            return session.get("x").status_code

    async def in_loop() -> int:
        with using_subject_token(subject):
            client = downstream_client("orders-api")
        token = await client._source.atoken()
        return 200 if token.value else 0

    tasks = [in_loop() for _ in range(200)]
    threads = [asyncio.to_thread(in_thread) for _ in range(3)]
    assert await asyncio.gather(*tasks, *threads) == [200] * 203

    assert len(site.keycloak.asked) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@pytest.mark.fault(34)
def test_fork__child_exchanges_by_itself(site: Site) -> None:
    """No socket, lock or entry of the parent is used by the child."""
    site.deadline = 2.0
    site.call()
    child = os.fork()
    if child == 0:
        fresh = len(cache.tokens) == 0
        works = site.call(site.subject(jti="child")).status_code == 200
        os._exit(0 if fresh and works else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert site.call(site.subject(jti="parent")).status_code == 200
    assert site.keycloak.connections == 2


@pytest.mark.fault(3)
def test_outage__with_a_good_token(site: Site) -> None:
    """Who holds a token goes on while Keycloak is away."""
    subject = site.subject()
    site.call(subject)
    site.keycloak.acts = [closes]

    assert site.call(subject).status_code == 200
