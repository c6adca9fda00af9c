"""What each process takes of memory and of file descriptors, as time goes by."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.background import Background

if TYPE_CHECKING:
    from tests.cluster.cluster import Cluster

EVERY = 0.5
"""Seconds between two looks."""
GROWTH = 0.10
"""How much more memory a process may take at the end than after its warm-up."""
LEAST_GROWTH = 12.0
"""The same in MB, where a tenth is less."""
_PARTS = 10
MORE_FILES = 16
"""How many more file descriptors: pools of connections fill up when something hangs."""


@dataclass(frozen=True)
class Sample:
    """One look at one process."""

    megabytes: float
    files: int


@dataclass(frozen=True)
class Trend:
    """The least of the first third of the time, and of the last.

    A leak raises the least, too; what is taken for a moment does not.
    """

    name: str
    pid: int
    before: Sample
    after: Sample
    course: tuple[float, ...] = ()
    """The least memory of each of some equal parts of the time, in MB."""

    @property
    def is_flat(self) -> bool:
        """Whether neither grew."""
        most = self.before.megabytes + max(LEAST_GROWTH, self.before.megabytes * GROWTH)
        files = self.before.files + MORE_FILES
        return self.after.megabytes <= most and self.after.files <= files

    def __str__(self) -> str:
        before, after = self.before, self.after
        return (
            f"{self.name:9} {self.pid:7} {before.megabytes:6.1f} -> "
            f"{after.megabytes:6.1f} MB  {before.files:4} -> {after.files:4} files  "
            f"({' '.join(f'{part:.0f}' for part in self.course)})"
        )


class Gauges(Background):
    """Looks at all processes again and again, until the block is left."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(self._work)
        self._cluster = cluster
        self._looks: list[dict[int, Sample]] = []
        self._names: dict[int, str] = {}

    def _work(self) -> None:
        while not self.over.wait(EVERY):
            with suppress(OSError):
                self._names |= self._cluster.pids()
            looks = {pid: _sample(pid) for pid in self._names}
            self._looks.append({pid: one for pid, one in looks.items() if one})

    def trends(self) -> list[Trend]:
        """Return those of every process that was there all the time."""
        third = len(self._looks) // 3
        first, last = self._looks[:third], self._looks[-third:]
        there = set.intersection(*(set(look) for look in self._looks))
        return [
            Trend(
                self._names[pid],
                pid,
                _least([look[pid] for look in first]),
                _least([look[pid] for look in last]),
                self._course(pid),
            )
            for pid in sorted(there)
        ]

    def _course(self, pid: int) -> tuple[float, ...]:
        size = max(1, len(self._looks) // _PARTS)
        parts = [self._looks[at : at + size] for at in range(0, size * _PARTS, size)]
        return tuple(
            min(look[pid].megabytes for look in part) for part in parts if part
        )


def _least(samples: list[Sample]) -> Sample:
    return Sample(
        min(sample.megabytes for sample in samples),
        min(sample.files for sample in samples),
    )


def _sample(pid: int) -> Sample | None:
    """Return what a process takes now, None if it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        files = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return None
    lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    if "VmRSS" not in lines:
        return None
    return Sample(int(lines["VmRSS"].split()[0]) / 1024, files)
