"""Jobs of one user, one after the other."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING

from tests.background import Background

if TYPE_CHECKING:
    from tests.cluster.browser import Browser

_PAUSE = 0.2
_PATIENCE = 5.0
"""Seconds until a job counts as lost with the Redis it lay in."""


class Jobs(Background):
    """They are started until the block is left."""

    def __init__(self, person: Browser) -> None:
        super().__init__(self._work)
        self.done = 0
        self.failed = 0
        """Also those that a Redis was killed with."""
        self._person = person

    def _work(self) -> None:
        while not self.over.wait(_PAUSE):
            if self._one():
                self.done += 1
            else:
                self.failed += 1

    def _one(self) -> bool:
        try:
            task = self._person.start_job()["task"]
            said = self._person.outcome(task, _PATIENCE)
        except (OSError, http.client.HTTPException, AssertionError):
            return False
        seen = (said["result"] or {}).get("seen", {})
        return bool(seen) and seen["sub"] == self._person.subject
