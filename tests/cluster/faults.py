"""What goes wrong in a soak, one after the other."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster.browser import SYNC
from tests.cluster.services import GUNICORN, UVICORN

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cluster.browser import Browser
    from tests.cluster.cluster import Cluster

LASTS = 3.0
"""Seconds that a fault lasts, if it does not pass by itself."""


class Faults:
    """Each is a method; when it returns, the fault is over.

    `patient` is the one whose logins are ended; nobody else calls in their name.
    """

    def __init__(self, cluster: Cluster, patient: str) -> None:
        self._cluster = cluster
        self._patient = patient

    @property
    def rotation(self) -> list[Callable[[], None]]:
        """All of them, in their order."""
        return [
            self.redis_hangs,
            self.keycloak_hangs,
            self.redis_is_killed,
            self.service_refuses_tokens,
            self.gunicorn_worker_is_killed,
            self.user_logs_out,
            self.redis_is_flushed,
            self.service_fails,
            self.service_hangs_up,
            self.keycloak_ends_a_login,
        ]

    def redis_hangs(self) -> None:
        """It answers nothing for a while."""
        self._cluster.redis.pause()
        _a_while(self._cluster.redis.resume)

    def keycloak_hangs(self) -> None:
        """It answers nothing for a while."""
        self._cluster.keycloak.pause()
        _a_while(self._cluster.keycloak.resume)

    def redis_is_killed(self) -> None:
        """And comes back empty."""
        self._cluster.redis.kill()
        _a_while(self._cluster.redis.start)

    def redis_is_flushed(self) -> None:
        """What processes share is gone."""
        self._cluster.redis.ask("FLUSHALL")

    def service_refuses_tokens(self) -> None:
        """It says that they are not valid."""
        self._service("unauthorized")

    def service_fails(self) -> None:
        """It answers 500."""
        self._service("error")

    def service_hangs_up(self) -> None:
        """It closes connections instead of answering."""
        self._service("closed")

    def _service(self, fault: str) -> None:
        self._cluster.recorder.fault = fault
        time.sleep(LASTS)
        self._cluster.recorder.fault = ""

    def gunicorn_worker_is_killed(self) -> None:
        """The younger one: the other is looked at to the end."""
        pids = self._cluster.pids()
        workers = [pid for pid, name in pids.items() if name == "gunicorn"]
        with suppress(OSError):
            os.kill(max(workers, key=_started_at), signal.SIGKILL)

    def user_logs_out(self) -> None:
        """Here, in a browser that has called before."""
        self._logged_in().ask(GUNICORN, "logout")

    def keycloak_ends_a_login(self) -> None:
        """As its administrator does; the site is told."""
        self._cluster.realm.end_sessions(self._logged_in().name)

    def _logged_in(self) -> Browser:
        browser = self._cluster.log_in(self._patient)
        for port in (GUNICORN, UVICORN):
            browser.call(port, SYNC)
        return browser


def _started_at(pid: int) -> int:
    """When a process began, in ticks since the machine did; ids begin anew at times."""
    stat = Path(f"/proc/{pid}/stat").read_text()
    return int(stat.rpartition(")")[2].split()[19])


def _a_while(undo: Callable[[], None]) -> None:
    """Let a fault last, and undo it, also where somebody ends the soak meanwhile."""
    try:
        time.sleep(LASTS)
    finally:
        undo()
