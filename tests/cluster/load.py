"""People who call again and again, and what became of each call."""

from __future__ import annotations

import http.client
import random
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from tests.cluster.browser import WAYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.cluster.browser import Answer, Browser

_PAUSE = 0.02


@dataclass(frozen=True)
class Outcome:
    """One call: when it began, of whom, and how it went.

    `status` is 0 where no answer came. `right`: nobody else's data was in it.
    """

    begun: float
    name: str
    status: int
    right: bool


@dataclass
class Load:
    """Threads in which people call, until the block is left."""

    people: Sequence[Browser]
    threads: int = 6
    outcomes: list[Outcome] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    """What ended a thread before its time."""

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(random.Random(number),))  # noqa: S311
            for number in range(self.threads)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        assert not self.errors, self.errors

    def _run(self, chance: random.Random) -> None:
        try:
            while not self._over.wait(_PAUSE):
                self.outcomes.append(called(chance.choice(self.people), chance))
        except BaseException as error:  # noqa: BLE001 - the block's end raises it
            self.errors.append(error)

    def go_on(self, calls: int) -> None:
        """Wait until so many more calls are over."""
        wanted = len(self.outcomes) + calls
        while len(self.outcomes) < wanted and not self.errors:
            time.sleep(_PAUSE)

    def between(self, begun: float, ended: float) -> Figures:
        """Return what became of the calls that began in this time."""
        found = [o for o in self.outcomes if begun <= o.begun < ended]
        return Figures(found)

    @property
    def wrong(self) -> list[Outcome]:
        """Calls that were answered with somebody else's data."""
        return [outcome for outcome in self.outcomes if not outcome.right]


@dataclass(frozen=True)
class Figures:
    """How calls went."""

    outcomes: list[Outcome]

    @property
    def failed(self) -> int:
        """How many failed."""
        return sum(outcome.status != 200 for outcome in self.outcomes)

    def __str__(self) -> str:
        calls = len(self.outcomes)
        rate = 100 * self.failed / calls if calls else 0
        return f"{calls} calls, {self.failed} failed ({rate:.1f} %)"


def called(person: Browser, chance: random.Random) -> Outcome:
    """Call once, by one of the ways."""
    begun = time.monotonic()
    answer: Answer | None = None
    with suppress(OSError, http.client.HTTPException):
        answer = person.call(*chance.choice(WAYS))
    if answer is None:
        return Outcome(begun, person.name, 0, right=True)
    right = answer.seen.get("sub") == person.subject if answer.status == 200 else True
    return Outcome(begun, person.name, answer.status, right)
