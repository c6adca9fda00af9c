"""Redis, PostgreSQL and Keycloak for the cluster alone: it kills them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
REDIS, KEYCLOAK, POSTGRESQL, MARIADB = range(18241, 18245)
GUNICORN, UVICORN, RECORDER = range(18245, 18248)
"""Ports, at each run the same: two runs at a time are refused."""


def wait_until(holds: Callable[[], object], what: str, seconds: float = 60) -> float:
    """Wait until `holds`; return how many seconds it took.

    Raises:
        TimeoutError: it never did.
    """
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        with suppress(OSError):
            if holds():
                return time.monotonic() - begun
        time.sleep(0.05)
    raise TimeoutError(f"{what}: not within {seconds:.0f} s")


def _run(*command: str, **environment: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own arguments
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
    return done.stdout


class Redis:
    """A Redis that keeps nothing on disk, and a file of all that it was told."""

    def __init__(self, folder: Path) -> None:
        self.url = f"redis://127.0.0.1:{REDIS}"
        self.told = folder / "redis-monitor"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._monitor: threading.Thread | None = None

    def start(self, *, monitored: bool = False) -> None:
        """Start it, empty."""
        program = shutil.which("redis-server")
        assert program, "no redis-server on the PATH; .ci/redis start installs it"
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own arguments
                [program, "--port", str(REDIS), "--bind", "127.0.0.1",
                 "--save", "", "--appendonly", "no", "--dir", str(self._folder)],
                stdout=log,
            )  # fmt: skip
        wait_until(lambda: self.ask("PING") == b"+PONG\r\n", "Redis")
        if monitored:
            self._watch()

    def ask(self, command: str) -> bytes:
        """Send a command of one word, and return the beginning of the answer."""
        with socket.create_connection(("127.0.0.1", REDIS), 5) as connection:
            connection.sendall(f"{command}\r\n".encode())
            return connection.recv(4096)

    def kill(self) -> None:
        """Kill it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._monitor is not None:
            self._monitor.join()
            self._monitor = None

    def pause(self) -> None:
        """Let it hang."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def _watch(self) -> None:
        connection = socket.create_connection(("127.0.0.1", REDIS))
        connection.sendall(b"MONITOR\r\n")
        assert connection.recv(5) == b"+OK\r\n"
        file = self.told.open("ab")
        self._monitor = threading.Thread(target=_copy, args=(connection, file))
        self._monitor.start()


def _copy(connection: socket.socket, file: IO[bytes]) -> None:
    with connection, file, suppress(ConnectionError):
        while block := connection.recv(1 << 16):
            file.write(block)
            file.flush()


class PostgreSQL:
    """A PostgreSQL of its own."""

    _command = (
        ".ci/databases",
        ("--postgresql-port", str(POSTGRESQL), "--mariadb-port", str(MARIADB)),
    )

    def start(self) -> dict[str, Any]:
        """Start it, empty, and return what DATABASES needs."""
        self.stop()
        said = _run(self._command[0], "start", *self._command[1])
        found = re.search(r"KC_EXCHANGE_POSTGRESQL=(\S+)", said)
        assert found, said
        url = urlsplit(found[1])
        return {
            "NAME": url.path.lstrip("/"),
            "USER": url.username,
            "PASSWORD": url.password,
            "HOST": url.hostname,
            "PORT": url.port,
        }

    def stop(self) -> None:
        """Stop it, and delete its data."""
        _run(self._command[0], "stop", *self._command[1])


class Keycloak:
    """A Keycloak whose database is a file, so that it outlives being killed."""

    def __init__(self, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{KEYCLOAK}"
        self._database = f"jdbc:h2:file:{folder}/keycloak;NON_KEYWORDS=VALUE"

    def start(self) -> None:
        """Start it; it is well when this returns."""
        wanted = ("--port", str(KEYCLOAK), "--features=token-exchange")
        _run(
            ".ci/keycloak",
            "start",
            *wanted,
            KC_DB_URL=f"{self._database};WRITE_DELAY=0",
        )

    def kill(self) -> None:
        """Kill it."""
        group = self._signal(signal.SIGKILL)
        wait_until(lambda: not _is_there(group), "Keycloak's end")

    def pause(self) -> None:
        """Let it hang."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """Stop it, if it runs."""
        _run(".ci/keycloak", "stop", "--port", str(KEYCLOAK))

    def _signal(self, number: signal.Signals) -> int:
        """`.ci/keycloak` gives the server a process group of its own."""
        cache = (
            os.environ.get("KC_EXCHANGE_CACHE") or Path.home() / ".cache/kc_exchange"
        )
        group = int((Path(cache) / f"run-{KEYCLOAK}/pid").read_text())
        os.killpg(group, number)
        return group


def _is_there(group: int) -> bool:
    """Whether a process of the group still runs; who has ended is nobody's concern."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, its_group = status.read_text().rpartition(")")[2].split()[:3]
            if int(its_group) == group and state != "Z":
                return True
    return False
