"""First calls in all processes at once: Keycloak counts the exchanges."""

from __future__ import annotations

from functools import partial
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.browser import WAYS
from tests.cluster.crowd import at_once
from tests.cluster.realm import CUSTOMERS

if TYPE_CHECKING:
    from tests.cluster.browser import Browser
    from tests.cluster.cluster import Cluster

pytestmark = pytest.mark.cluster
CALLS, JOBS = 480, 20
EACH = 5
"""Calls of each of a hundred."""
CROWD = (WAYS[0], *WAYS)
"""Half of it to the two workers of gunicorn, half to the one of uvicorn."""


def by_page(browser: Browser, way: tuple[int, str]) -> dict[str, Any]:
    answer = browser.call(*way)
    return {"status": answer.status, "pid": answer.pid, "seen": answer.seen}


def by_job(browser: Browser) -> dict[str, Any]:
    said = browser.outcome(browser.start_job()["task"])
    return said["result"] or {"status": said["error"]}


def test_one_user__makes_one_exchange(cluster: Cluster) -> None:
    """500 first calls, of pages, coroutines and jobs."""
    alice = cluster.log_in(CUSTOMERS[0])
    cluster.realm.forget_events()
    ways = islice(cycle(CROWD), CALLS)
    acts = [partial(by_page, alice, way) for way in ways]

    done = at_once([*acts, *[partial(by_job, alice)] * JOBS])

    assert {one["status"] for one in done} == {200}
    assert cluster.realm.exchanges() == [alice.subject]
    (token,) = {one["seen"]["jti"] for one in done}
    assert token
    pids = cluster.pids()
    answered = {one["pid"] for one in done}
    assert {pids[pid] for pid in answered} == {"gunicorn", "uvicorn", "celery"}
    assert answered >= {pid for pid, name in pids.items() if name != "celery"}


def test_hundred_users__make_a_hundred(cluster: Cluster) -> None:
    """Each calls in several processes at once; nobody gets another's."""
    people = [cluster.log_in(name) for name in CUSTOMERS]
    cluster.realm.forget_events()
    acts = [
        partial(by_page, person, way)
        for person in people
        for way in islice(cycle(CROWD), EACH)
    ]

    done = at_once(acts)

    assert {one["status"] for one in done} == {200}
    wanted = [person.subject for person in people]
    assert sorted(cluster.realm.exchanges()) == sorted(wanted)
    seen = [one["seen"]["sub"] for one in done]
    assert seen == [subject for subject in wanted for _ in range(EACH)]
    assert cluster.recorder.seen.crossed == []
    assert cluster.recorder.seen.unauthenticated == []
