"""Redis is killed under load, then Keycloak: nobody gets another's data."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.cluster.browser import SYNC
from tests.cluster.load import Load
from tests.cluster.realm import CUSTOMERS
from tests.cluster.services import GUNICORN, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cluster.cluster import Cluster

pytestmark = pytest.mark.cluster
SOME = 100
"""Calls, while all is well and while something is away."""
BACK = 60
"""Seconds within which all has to be well again, on the slowest machine."""


def in_a_row(load: Load, calls: int) -> bool:
    """Whether the last calls all went well."""
    last = load.outcomes[-calls:]
    return len(last) == calls and all(outcome.status == 200 for outcome in last)


def check(cluster: Cluster, load: Load) -> None:
    """Check that no call went out for somebody else, or for nobody."""
    assert load.wrong == []
    assert cluster.recorder.seen.crossed == []
    assert cluster.recorder.seen.unauthenticated == []


def test_redis_is_killed(cluster: Cluster, report: Callable[[str], None]) -> None:
    """Processes go on by themselves; once it is back, they share again."""
    people = [cluster.log_in(name) for name in CUSTOMERS[:20]]
    with Load(people) as load:
        load.go_on(SOME)
        killed = time.monotonic()
        cluster.redis.kill()
        load.go_on(SOME)
        back = time.monotonic()
        cluster.redis.start(monitored=True)
        took = wait_until(lambda: shared_again(cluster), "the shared cache", BACK)
        load.go_on(SOME)
        ended = time.monotonic()

    check(cluster, load)
    away, after = load.between(killed, back), load.between(back + took, ended)
    report(f"Redis killed: {away}; after {took:.1f} s shared again: {after}")
    assert away.failed == 0
    assert after.failed == 0


def shared_again(cluster: Cluster) -> bool:
    """Whether every process that lost it has found it again."""
    for name in ("gunicorn", "uvicorn"):
        log = cluster.log_of(name).read_text()
        if log.count("shared_cache_away") != log.count("shared_cache_back"):
            return False
    return True


def test_keycloak_is_killed(cluster: Cluster, report: Callable[[str], None]) -> None:
    """Who has a token is served; who has none gets a 503 until it is back."""
    people = [cluster.log_in(name) for name in CUSTOMERS[20:40]]
    late = cluster.log_in(CUSTOMERS[40])
    for person in people:
        assert person.call(GUNICORN, SYNC).status == 200
    with Load(people) as load:
        load.go_on(SOME)
        killed = time.monotonic()
        cluster.keycloak.kill()
        load.go_on(SOME)
        refused = late.call(GUNICORN, SYNC)
        cluster.keycloak.start()
        back = time.monotonic()
        took = wait_until(
            lambda: late.call(GUNICORN, SYNC).status == 200, "first calls", BACK
        )
        load.go_on(SOME)
        ended = time.monotonic()

    check(cluster, load)
    away, after = load.between(killed, back), load.between(back + took, ended)
    report(
        f"Keycloak killed for {back - killed:.0f} s: of calls with a token {away}; "
        f"first calls answered {refused.status}, and 200 {took:.1f} s after it was "
        f"back; then {after}"
    )
    assert refused.status == 503
    assert away.failed == 0
    assert after.failed == 0
