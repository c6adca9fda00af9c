"""(a) The authorisation step on a cache hit."""

from __future__ import annotations

from itertools import cycle, islice
from typing import TYPE_CHECKING

import requests

from tests.benchmarks.contenders import CHECKS, OURS, WARM
from tests.benchmarks.report import Claim, Result, Row, microseconds
from tests.benchmarks.rounds import interleaved

if TYPE_CHECKING:
    from requests import PreparedRequest

    from tests.benchmarks.contenders import Sign
    from tests.benchmarks.rounds import Run
    from tests.benchmarks.world import World

_TARGET = 6e-6
_URLS = 512
_CALLS = 2048
_NOTE = (
    "origin: the URL is held against where the token may go. subject: the token is "
    "found by the user's own. netrc: no .netrc replaces it. caller: the calling code "
    "has to see to it. partly: not after a redirect. No peer checks all three; 'by "
    "hand' adds what a careful project would write around it."
)


def measure(world: World, *, quick: bool) -> Result:
    """Sign prepared requests, with a token that is in the cache."""
    rounds = 7 if quick else 60
    prepared = _prepared(world)
    runs = {}
    for contender in WARM:
        sign = contender.build(world, world.token())
        sign(prepared[0])
        runs[contender.name] = _over(sign, prepared)
    samples = interleaved(runs, rounds=rounds, calls=_CALLS)
    rows = [Row(c.name, samples[c.name], c.checks) for c in WARM]
    return Result(
        "(a) The authorisation step on a cache hit",
        f"From a prepared request to one with its Authorization header: {_URLS} URLs "
        f"in turn, {rounds} rounds of {_CALLS} calls. Ours is all that "
        "DownstreamSession.send does before and after the network.",
        rows,
        _claims(rows),
        CHECKS,
        note=_NOTE,
    )


def _claims(rows: list[Row]) -> list[Claim]:
    ours = next(row for row in rows if row.name == OURS.name)
    equal = {c.name for c in WARM if c.checks_all and not c.name.startswith(OURS.name)}
    rivals = [row for row in rows if row.name in equal]
    best = min(rivals, key=lambda row: row.median)
    return [
        Claim("at most 6 µs", microseconds(ours.median), holds=ours.median <= _TARGET),
        Claim(
            "ahead of all that check as much",
            f"{microseconds(ours.median)}; the best of them, {best.name}, "
            f"{microseconds(best.median)}",
            holds=ours.median < best.median,
        ),
    ]


def _prepared(world: World) -> list[PreparedRequest]:
    """Many URLs: with one alone, the cache of `urlsplit` would do a peer's work."""
    session = requests.Session()
    urls = (f"{world.base_url}v1/{number}" for number in range(_URLS))
    return [session.prepare_request(requests.Request("GET", url)) for url in urls]


def _over(sign: Sign, prepared: list[PreparedRequest]) -> Run:
    def run(calls: int) -> None:
        for request in islice(cycle(prepared), calls):
            sign(request)

    return run
