"""Operators who act as customers, and what the record has to say of it."""

from __future__ import annotations

import http.client
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tests.background import Background
from tests.cluster.browser import WAYS
from tests.cluster.database import rows
from tests.cluster.services import GUNICORN, UVICORN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.cluster.browser import Answer, Browser
    from tests.cluster.cluster import Cluster

CALLS = 6
"""Calls under one grant."""
_PAUSE = 0.05


@dataclass
class Ledger:
    """What was answered, and so must be in the record."""

    started: set[str] = field(default_factory=set)
    """Grants."""
    ended: set[str] = field(default_factory=set)
    """Grants, too."""
    requests: set[str] = field(default_factory=set)
    """Ids of requests that were answered as the target."""
    calls: int = 0
    crossed: list[str] = field(default_factory=list)
    """Requests whose answer had not the target's data."""

    def lost(self, events: Sequence[dict[str, Any]], called: set[str]) -> list[str]:
        """Return what the record does not have.

        Args:
            events: the record.
            called: ids of requests for which the service was called.
        """
        begun = {
            event["details"]["request_id"]: event["event_id"]
            for event in events
            if event["type"] == "request.started"
        }
        over = {
            str(event["details"].get("started"))
            for event in events
            if event["type"] == "request.finished"
        }
        grants = {
            kind: {event["grant"] for event in events if event["type"] == kind}
            for kind in ("start.granted", "grant.ended")
        }
        wanted = {
            "start of grant": self.started - grants["start.granted"],
            "end of grant": self.ended - grants["grant.ended"],
            "start of request": (self.requests | called) - begun.keys(),
            "end of request": {i for i in self.requests if begun.get(i) not in over},
        }
        return [f"{what} {one}" for what, lost in wanted.items() for one in lost]


class Desk(Background):
    """Operators at work, until the block is left."""

    def __init__(
        self, cluster: Cluster, names: Sequence[str], customers: Sequence[Browser]
    ) -> None:
        super().__init__(*(partial(self._open, name) for name in names))
        self.ledger = Ledger()
        self.answers: Counter[int] = Counter()
        self._cluster = cluster
        self._customers = customers

    def _open(self, name: str) -> None:
        chance = random.Random(name)  # noqa: S311
        while not self.over.is_set():
            try:
                self._work(name, chance)
            except (OSError, http.client.HTTPException, AssertionError):
                self.answers[0] += 1  # nobody answered, or nobody let them log in
                self.over.wait(1)

    def _work(self, name: str, chance: random.Random) -> None:
        """Log in, and act as one customer after another while all goes well."""
        operator = self._cluster.log_in(name)
        while not self.over.wait(_PAUSE):
            if not self._act_as(operator, chance.choice(self._customers), chance):
                self.over.wait(1)
                return

    def _act_as(
        self, operator: Browser, target: Browser, chance: random.Random
    ) -> bool:
        begun = self._answered(operator.ask(GUNICORN, f"start/{target.name}"))
        if begun.status != 200:
            return False
        grant = str(begun.said["grant"])
        self.ledger.started.add(grant)
        for _ in range(CALLS):
            self._call(operator, target, chance)
        over = self._answered(operator.ask(UVICORN, "stop"))
        if over.status == 200:
            self.ledger.ended.add(grant)
        return over.status == 200

    def _call(self, operator: Browser, target: Browser, chance: random.Random) -> None:
        port, way = chance.choice(WAYS)
        mark = uuid4().hex
        answer = operator.ask(port, f"{way}/{target.subject}", request_id=mark)
        if self._answered(answer).status == 200:
            self.ledger.requests.add(mark)
            if answer.seen.get("sub") != target.subject:
                self.ledger.crossed.append(mark)

    def _answered(self, answer: Answer) -> Answer:
        self.ledger.calls += 1
        self.answers[answer.status] += 1
        return answer


def events_of(cluster: Cluster) -> list[dict[str, Any]]:
    """Return the record."""
    query = "SELECT payload FROM kc_exchange_auditevent ORDER BY seq"
    return [json.loads(bytes(payload)) for (payload,) in rows(cluster, query)]
