"""(b) A GET at the downstream, over a connection that is kept alive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests

from kc_exchange.context import using_subject_token
from kc_exchange.downstream import downstream_session
from tests.benchmarks.report import Claim, Result, Row
from tests.benchmarks.rounds import interleaved, ratio
from tests.benchmarks.world import AUDIENCE

if TYPE_CHECKING:
    from tests.benchmarks.rounds import Run
    from tests.benchmarks.world import World

_OURS = "kc_exchange"
_DEFAULT = "requests.Session, default settings"
_UNTRUSTING = "requests.Session, trust_env=False"
_CALLS = 20


def measure(world: World, *, quick: bool) -> Result:
    """Compare with sessions whose static token nobody looks at."""
    rounds = 60 if quick else 600
    url = f"{world.base_url}v1/orders"
    with using_subject_token(world.token()):
        ours = downstream_session(AUDIENCE)
        runs = {
            _OURS: _over(ours, "v1/orders"),
            "kc_exchange, a new session each time": _anew,
            _DEFAULT: _over(_plain(world, trust_env=True), url),
            _UNTRUSTING: _over(_plain(world, trust_env=False), url),
        }
        samples = interleaved(runs, rounds=rounds, calls=_CALLS)
    rows = [Row(name, values) for name, values in samples.items()]
    return Result(
        "(b) A downstream GET",
        f"{rounds} rounds of {_CALLS} calls on kept-alive connections to a server of "
        "another process.",
        rows,
        [
            _claim(rows, _DEFAULT, 1.0),
            _claim(rows, _UNTRUSTING, 1.05),
        ],
    )


def _claim(rows: list[Row], name: str, most: float) -> Claim:
    samples = {row.name: row.samples for row in rows}
    found = ratio(samples[_OURS], samples[name])
    return Claim(f"at most {most} times {name}", f"{found:.3f}", holds=found <= most)


def _plain(world: World, *, trust_env: bool) -> requests.Session:
    session = requests.Session()
    session.trust_env = trust_env
    session.headers["Authorization"] = f"Bearer {world.token(AUDIENCE)}"
    return session


def _over(session: requests.Session, url: str) -> Run:
    def run(calls: int) -> None:
        for _ in range(calls):
            session.get(url, timeout=10).raise_for_status()

    return run


def _anew(calls: int) -> None:
    for _ in range(calls):
        with downstream_session(AUDIENCE) as session:
            session.get("v1/orders", timeout=10).raise_for_status()
