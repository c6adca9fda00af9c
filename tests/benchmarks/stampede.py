"""(c) Fifty threads that want the same token, which nobody has yet."""

from __future__ import annotations

from statistics import median
from threading import Barrier, Thread
from time import perf_counter
from typing import TYPE_CHECKING

import requests

from tests.benchmarks.contenders import COLD, OURS, Contender
from tests.benchmarks.report import Claim, Result, Row
from tests.benchmarks.world import LATENCY

if TYPE_CHECKING:
    from tests.benchmarks.contenders import Sign
    from tests.benchmarks.world import World

_THREADS = 50


def measure(world: World, *, quick: bool) -> Result:
    """Count the exchanges, and take the time until the last thread has its token."""
    rounds = 5 if quick else 15
    seconds: dict[str, list[float]] = {c.name: [] for c in COLD}
    exchanges: dict[str, list[int]] = {c.name: [] for c in COLD}
    for _ in range(rounds):
        for contender in COLD:
            took, made = _rush(world, contender)
            seconds[contender.name].append(took)
            exchanges[contender.name].append(made)
    most = max(exchanges[OURS.name])
    return Result(
        f"(c) {_THREADS} threads on a cold key",
        f"A token endpoint that answers after {LATENCY * 1000:.0f} ms, {rounds} rounds "
        "with a new user token each; from the first thread's start to the last one's "
        "signed request.",
        [
            Row(name, seconds[name], (f"{median(exchanges[name]):.0f}",))
            for name in seconds
        ],
        [Claim("one exchange", f"{most} in each round at the most", holds=most == 1)],
        ("exchanges",),
        unit="ms",
    )


def _rush(world: World, contender: Contender) -> tuple[float, int]:
    sign = contender.build(world, world.token())
    before = world.exchanges()
    seconds = _run(sign, f"{world.base_url}v1/orders")
    return seconds, world.exchanges() - before


def _run(sign: Sign, url: str) -> float:
    gate = Barrier(_THREADS + 1)
    failures: list[BaseException] = []

    def call() -> None:
        request = requests.Request("GET", url).prepare()
        gate.wait()
        try:
            sign(request)
            assert "Authorization" in request.headers
        except BaseException as error:  # noqa: BLE001 - raised by the main thread
            failures.append(error)

    threads = [Thread(target=call) for _ in range(_THREADS)]
    for thread in threads:
        thread.start()
    gate.wait()
    started = perf_counter()
    for thread in threads:
        thread.join()
    seconds = perf_counter() - started
    if failures:
        raise failures[0]
    return seconds
