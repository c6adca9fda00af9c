"""What several do at the same moment, each in a thread with its own connection."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from threading import Barrier
from typing import TYPE_CHECKING, Any

import time_machine
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.utils import timezone

from kc_exchange.impersonation import end, sweep
from kc_exchange.models import ImpersonationGrant
from tests.impersonation.helpdesk import people, sightings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PATIENCE = 60
_numbers = count(1)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Begin all at the same moment; return what they returned."""
    gate = Barrier(len(works))

    def begin(work: Callable[[], Any]) -> Any:
        connection.ensure_connection()
        gate.wait(_PATIENCE)
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return [f.result(_PATIENCE) for f in [pool.submit(begin, w) for w in works]]


def send(path: str, key: str, **form: str) -> int:
    """Send a request with this session key, and return the status."""
    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = key
    headers = {"X-Request-ID": f"race-{next(_numbers)}", "Accept": "application/json"}
    method = client.post if form else client.get
    return int(method(path, form or None, headers=headers).status_code)


def starts(number: int, **_: Any) -> dict[str, Any]:
    """Let one operator start in so many browsers."""
    operator = get_user_model().objects.get(username=people.OPERATORS[0])
    keys = []
    for _number in range(number):
        client = Client()
        people.log_in(client, operator)
        keys.append(client.cookies["sessionid"].value)
    form = {"target": people.TARGETS[0]}

    def work(key: str) -> Callable[[], int]:
        return lambda: send("/desk/start/", key, **form)

    return {"statuses": at_once(*map(work, keys))}


def stop_among_requests(number: int, key: str, **_: Any) -> dict[str, Any]:
    """Let the operator stop while their other tabs ask for pages."""

    def ask() -> list[int]:
        return [send("/basket/", key, change="it") for _ in range(number)]

    def stop() -> list[int]:
        return [send("/basket/", key), send("/desk/stop/", key, anything="at all")]

    statuses = at_once(ask, ask, ask, stop)
    seen = [seen for seen in sightings.SEEN if seen.operator]
    return {
        "statuses": statuses,
        "seen": [s.user for s in sightings.SEEN],
        "unrecorded": sum(not s.recorded for s in seen),
    }


def ends(number: int, **_: Any) -> dict[str, Any]:
    """Let so many administrators end the one open grant."""
    pk = ImpersonationGrant.objects.get(ended_at=None).pk
    root = get_user_model().objects.get(username=people.SUPERUSER)

    def work() -> bool:
        return end(ImpersonationGrant.objects.get(pk=pk), "forced", by=root)

    return {"ended": at_once(*[work] * number)}


def sweeps(number: int, minutes: int, **_: Any) -> dict[str, Any]:
    """Sweep so many times when so many minutes have passed."""
    with _later(minutes):
        return {"swept": at_once(*[lambda: len(sweep())] * number)}


def calls(number: int, minutes: int, key: str, **_: Any) -> dict[str, Any]:
    """Let tabs call a service when so many minutes have passed."""
    with _later(minutes):
        return {"statuses": at_once(*[lambda: send("/call/", key)] * number)}


@contextmanager
def _later(minutes: int) -> Iterator[None]:
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
        yield
