"""Two workers of gunicorn, one of uvicorn, one of Celery, and all that they need."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.cluster.browser import Browser, log_in
from tests.cluster.realm import CLIENTS, CUSTOMERS, OPERATORS, Realm
from tests.cluster.recorder import Recorder
from tests.cluster.services import (
    GUNICORN,
    RECORDER,
    ROOT,
    UVICORN,
    Keycloak,
    PostgreSQL,
    Redis,
    wait_until,
)

if TYPE_CHECKING:
    from types import TracebackType

_PROJECT = "tests.cluster.project"
_COMMANDS = {
    "gunicorn": [
        "gunicorn", f"{_PROJECT}.wsgi:application", "--preload", "--workers=2",
        "--worker-class=gthread", "--threads=64", f"--bind=127.0.0.1:{GUNICORN}",
        "--log-level=debug", "--access-logfile=-", "--timeout=60",
    ],
    "uvicorn": [
        "uvicorn", f"{_PROJECT}.asgi:application", f"--port={UVICORN}",
        "--log-level=debug",
    ],
    "celery": [
        "celery", "-A", f"{_PROJECT}.tasks:app", "worker", "--concurrency=2",
        "--loglevel=DEBUG", "--without-mingle", "--without-gossip",
    ],
}  # fmt: skip


class Cluster:
    """All of it, running; `folder` holds its logs and the e-mails to administrators."""

    def __init__(self, folder: Path, *, lifespan: int = 300) -> None:
        self.folder = folder
        self.lifespan = lifespan
        """Seconds that Keycloak's tokens last."""
        self.mail = folder / "mail"
        self.redis = Redis(folder)
        self.postgresql = PostgreSQL()
        self.keycloak = Keycloak(folder)
        self.realm = Realm(self.keycloak)
        self.secret_key = secrets.token_hex(32)
        self.database: dict[str, Any] = {}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.logins: list[Browser] = []
        self.set_cookies: list[str] = []
        """Every `Set-Cookie` that a browser got."""
        self.pages: list[str] = []
        """Pages of errors that a test keeps."""
        self.recorder: Recorder
        self._running = ExitStack()

    def __enter__(self) -> Self:
        with self._running as starting:
            self._start(starting)
            self._running = starting.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._running.close()

    def _start(self, running: ExitStack) -> None:
        self.mail.mkdir()
        self.recorder = Recorder(RECORDER, self.realm.issuer)
        running.callback(self.recorder.close)
        self.redis.start(monitored=True)
        running.callback(self.redis.kill)
        self.keycloak.stop()
        running.callback(self.keycloak.stop)
        running.callback(self.postgresql.stop)
        with ThreadPoolExecutor(1) as beside:
            keycloak = beside.submit(self.keycloak.start)
            self.database = self.postgresql.start()
            self._python("-m", f"{_PROJECT}.prepare", *OPERATORS)
            keycloak.result()
        self.realm.make(self.lifespan)
        self.recorder.learn_keys()
        for name, command in _COMMANDS.items():
            running.callback(self._end, name)
            self.processes[name] = self._process(name, *command)
        for port in (GUNICORN, UVICORN):
            nobody = Browser("nobody", "", {})
            wait_until(partial(nobody.ask, port, "who"), "the site")
        # Celery is there once it has done something.
        first = self.log_in(CUSTOMERS[-1])
        assert first.outcome(first.start_job()["task"])["state"] == "SUCCESS"

    @property
    def environment(self) -> dict[str, str]:
        """The variables of the project's processes."""
        given = {
            "database": self.database,
            "redis": self.redis.url,
            "mail": str(self.mail),
            "secret_key": self.secret_key,
            "issuer": self.realm.issuer,
            "downstream": self.recorder.url,
            "clients": CLIENTS,
        }
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": f"{_PROJECT}.settings",
            "KC_EXCHANGE_CLUSTER": json.dumps(given),
            "PYTHONUNBUFFERED": "1",
            # One for each thread would grow for long, and hide what really leaks.
            "MALLOC_ARENA_MAX": "2",
        }

    def log_of(self, name: str) -> Path:
        """Where a process writes what it says."""
        return self.folder / f"{name}.log"

    def log_in(self, name: str) -> Browser:
        """Log somebody in anew, in another browser."""
        browser = log_in(self.realm.issuer, name, self.set_cookies)
        self.logins.append(browser)
        return browser

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the project."""
        return self._python("-m", "django", *arguments, check=False)

    def pids(self) -> dict[int, str]:
        """Return the processes that do the work, and what each of them is."""
        found = {self.processes["uvicorn"].pid: "uvicorn"}
        for name in ("gunicorn", "celery"):
            found |= dict.fromkeys(children(self.processes[name].pid), name)
        return found

    def _process(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        with self.log_of(name).open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own arguments
                [sys.executable, "-m", *arguments],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _python(
        self, *arguments: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(  # noqa: S603 - our own arguments
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    def _end(self, name: str) -> None:
        process = self.processes.pop(name, None)
        if process is None:
            return
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def children(pid: int) -> list[int]:
    """Return the processes that one has started."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += map(int, (task / "children").read_text().split())
    return found
