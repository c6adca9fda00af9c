"""Time contenders round by round, so that a drift of the machine hits them alike."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter

Run = Callable[[int], object]
"""Do something that many times."""
Samples = list[float]
"""Seconds a call, one figure for each round."""


def interleaved(
    contenders: Mapping[str, Run], *, rounds: int, calls: int
) -> dict[str, Samples]:
    """Run each contender `calls` times in each round, in rotating order.

    The first round warms up and is not counted. The garbage collector stays on.
    """
    names = list(contenders)
    samples: dict[str, Samples] = {name: [] for name in names}
    gc.collect()
    for number in range(-1, rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            seconds = _timed(contenders[name], calls) / calls
            if number >= 0:
                samples[name].append(seconds)
    return samples


def ratio(ours: Samples, theirs: Samples) -> float:
    """Return the median of the ratios within each round."""
    return median(a / b for a, b in zip(ours, theirs, strict=True))


def difference(ours: Samples, theirs: Samples) -> Samples:
    """Return the differences within each round."""
    return [a - b for a, b in zip(ours, theirs, strict=True)]


def _timed(run: Run, calls: int) -> float:
    started = perf_counter()
    run(calls)
    return perf_counter() - started
