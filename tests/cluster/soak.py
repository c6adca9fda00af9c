"""Load for minutes, with a fault every ten seconds.

python -m tests.cluster.soak --minutes 10

Prints what came of it; the exit code is 1 if something does not hold.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.cluster.cluster import Cluster
from tests.cluster.desk import Desk, events_of
from tests.cluster.faults import Faults
from tests.cluster.gauges import Gauges, Trend
from tests.cluster.jobs import Jobs
from tests.cluster.load import Load
from tests.cluster.realm import CUSTOMERS, OPERATORS
from tests.cluster.services import GUNICORN, UVICORN

EVERY = 10.0
"""Seconds from one fault to the next."""
LIFESPAN = 60
"""Seconds that tokens last: each is renewed many times."""
WARM_UP = 5
"""So many faults come before anything is measured: what hangs fills pools."""
PAUSE = 3.0
"""Seconds before each of them."""
FAILURES = 150
"""Jobs that fail before that, and half as many pages in each process: their tracebacks
load sources and templates, which stay."""
QUIET = 5.0
"""Seconds at the end in which every call has to go well."""
LOADED, PATIENT, JOBBER = CUSTOMERS[:40], CUSTOMERS[41], CUSTOMERS[42]


class Soak:
    """One soak."""

    def __init__(self, cluster: Cluster) -> None:
        people = [cluster.log_in(name) for name in LOADED]
        self.cluster = cluster
        self.load = Load(people, threads=4)
        self.desk = Desk(cluster, OPERATORS[:3], people)
        self.jobs = Jobs(cluster.log_in(JOBBER))
        self.wrong: list[str] = []

    def run(self, seconds: float) -> list[Trend]:
        """Go through it; return how the processes did."""
        self._fail()
        with self.load, self.desk, self.jobs:
            for fault in Faults(self.cluster, PATIENT).rotation[:WARM_UP]:
                time.sleep(PAUSE)
                fault()
            with Gauges(self.cluster) as gauges:
                self._faults(seconds)
            quiet = time.monotonic()
            time.sleep(QUIET)
        last = self.load.between(quiet, time.monotonic())
        say(f"at last           {last}")
        if last.failed:
            self.wrong.append(f"{last.failed} calls failed after the last fault")
        return gauges.trends()

    def _fail(self) -> None:
        """Fail often, lest the first failures be taken for a leak."""
        person = self.cluster.log_in(JOBBER)
        for _ in range(FAILURES):
            person.outcome(person.start_job("fail")["task"])
        for port in (GUNICORN, UVICORN):
            for _ in range(FAILURES // 2):
                person.ask(port, f"crash/{person.subject}")

    def _faults(self, seconds: float) -> None:
        rotation = Faults(self.cluster, PATIENT).rotation
        begun = time.monotonic()
        for number in range(max(1, int(seconds / EVERY))):
            fault = rotation[number % len(rotation)]
            at = time.monotonic()
            fault()
            over = time.monotonic()
            time.sleep(max(0.0, begun + (number + 1) * EVERY - over))
            figures = self.load.between(at, time.monotonic())
            late = [o.begun for o in figures.outcomes if o.status != 200]
            recovered = max([0.0, *(one - over for one in late)])
            name = fault.__name__.replace("_", " ")
            say(f"{name:26} {figures}, well again {recovered:.1f} s after its end")

    def judge(self, trends: list[Trend]) -> None:
        """Look whether all of it holds."""
        self._tokens()
        self._record()
        done, failed = self.jobs.done, self.jobs.failed
        say(f"jobs: {done} done, {failed} failed or lost with a killed Redis")
        self._hold(done > 0, "no job was done")
        for trend in trends:
            say(str(trend))
            self._hold(trend.is_flat, f"{trend.name} {trend.pid} grew")
        kinds = {trend.name for trend in trends}
        self._hold(kinds == {"gunicorn", "uvicorn", "celery"}, f"only {kinds} lasted")

    def _tokens(self) -> None:
        seen = self.cluster.recorder.seen
        wrong, crossed = len(seen.unauthenticated), len(seen.crossed)
        answers = len(self.load.wrong) + len(self.desk.ledger.crossed)
        say(
            f"{seen.calls} calls reached the service: {crossed} with another's token, "
            f"{wrong} without a valid one; {answers} answers had another's data"
        )
        self._hold(crossed + answers == 0, "a token was crossed")
        self._hold(wrong == 0, "a call was not authenticated")

    def _record(self) -> None:
        ledger, events = self.desk.ledger, events_of(self.cluster)
        lost = ledger.lost(events, self.cluster.recorder.requests - {""})
        verified = self.cluster.manage("kc_exchange", "audit", "verify")
        say(
            f"{len(ledger.started)} impersonations with {len(ledger.requests)} "
            f"answered requests: {len(events)} events, {len(lost)} lost"
        )
        say(verified.stdout.strip())
        self._hold(len(ledger.requests) > 0, "nobody acted as somebody else")
        self._hold(not lost, f"events were lost: {lost[:5]}")
        self._hold(verified.returncode == 0, "the record does not verify")

    def _hold(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.wrong.append(otherwise)


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)  # noqa: T201 - a command prints


def main() -> int:
    """Run a soak; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    minutes = parser.parse_args().minutes
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        soak = Soak(stack.enter_context(Cluster(folder, lifespan=LIFESPAN)))
        soak.judge(soak.run(minutes * 60))
    for what in soak.wrong:
        say(f"WRONG: {what}")
    say("does not hold" if soak.wrong else "holds")
    return 1 if soak.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
