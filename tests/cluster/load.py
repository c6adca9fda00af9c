"""People who call again and again, and what became of each call."""

from __future__ import annotations

import http.client
import random
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tests.background import Background
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


class Load(Background):
    """People who call, until the block is left."""

    def __init__(self, people: Sequence[Browser], threads: int = 6) -> None:
        chances = [random.Random(number) for number in range(threads)]  # noqa: S311
        super().__init__(*(partial(self._call, chance) for chance in chances))
        self.people = people
        self.outcomes: list[Outcome] = []

    def _call(self, chance: random.Random) -> None:
        while not self.over.wait(_PAUSE):
            self.outcomes.append(called(chance.choice(self.people), chance))

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
