"""`manage.py demo`, as a process of its own."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from exampleproject.environment import ROOT
from tests.exampleproject.shops import clean, manage, says_plainly

if TYPE_CHECKING:
    from collections.abc import Iterator

STEPS = [
    "login",
    "capture",
    "exchange",
    "cache",
    "async",
    "strategies",
    "wrong audience",
    "bearer",
    "another user",
    "refresh",
    "logout",
    "another realm",
    "another brand",
    "from elsewhere",
    "doctor",
    "support",
    "user list",
    "start",
    "as alice",
    "read only",
    "end",
    "replay",
    "record",
    "tampering",
]


class Demo:
    """A demo that is open, and what it said."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said = ""
        assert process.stdout is not None
        for line in process.stdout:
            self.said += line
            if line.startswith("Ctrl-C"):
                break

    @property
    def urls(self) -> set[str]:
        """Where shop, services and Keycloak are."""
        return set(re.findall(r"http://127\.0\.0\.1:\d+", self.said))

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """Send a signal; the exit code and all that was said."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, self.said + out + err


@contextmanager
def opened(*arguments: str) -> Iterator[Demo]:
    """A demo that is up."""
    command = [sys.executable, "manage.py", "demo", *arguments]
    with subprocess.Popen(  # noqa: S603 - our own command
        command,
        cwd=ROOT,
        env=clean(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Demo(process)
        finally:
            process.kill()


def answers(url: str) -> bool:
    """Whether somebody listens there."""
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname, parts.port), timeout=2):
            return True
    except OSError:
        return False


def test_check__holds_on_the_embedded_keycloak() -> None:
    """Every step is printed with its claims, and no token."""
    done = manage("demo", "--check")

    assert done.returncode == 0, done.stdout + done.stderr
    steps = re.findall(r"^ok  (.{14})", done.stdout, re.MULTILINE)
    assert list(dict.fromkeys(s.strip() for s in steps)) == STEPS
    assert "aud=orders-api azp=shop sub=" in done.stdout
    assert "scope=email orders:read profile" in done.stdout
    assert "aud=orders-api azp=shop-support sub=" in done.stdout
    assert "aud=orders-api azp=studio sub=" in done.stdout
    assert "aud=analytics-api azp=kiln-gateway sub=" in done.stdout
    assert "exit 1, payload_changed" in done.stdout
    assert says_plainly(done.stdout + done.stderr)
    assert done.stderr == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo__stops_cleanly(number: signal.Signals) -> None:
    """It says where to click; afterwards nobody is left, and nothing is complained."""
    with opened("--port", "0") as demo:
        urls = demo.urls
        assert len(urls) == 5
        assert all(map(answers, urls))
        assert "alice  password alice-demo" in demo.said
        assert "nora   password nora-demo" in demo.said
        assert "Log in as sue" in demo.said
        code, said = demo.end(number)

    assert code == 0
    assert "Stopped." in said
    assert says_plainly(said)
    assert not any(map(answers, urls))


def test_demo__killed_takes_its_children_along() -> None:
    """Whoever started them is gone, so they go, too."""
    with opened("--port", "0") as demo:
        urls = demo.urls
        demo.process.kill()
        deadline = time.monotonic() + 10
        while any(map(answers, urls)) and time.monotonic() < deadline:
            time.sleep(0.05)

    assert not any(map(answers, urls))


def test_demo__takes_the_port_it_is_given() -> None:
    """And says so plainly if somebody else has it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = manage("demo", "--port", str(taken.getsockname()[1]))

    assert done.returncode == 1
    assert "cannot be used" in done.stderr
    assert "--port" in done.stderr
    assert says_plainly(done.stdout + done.stderr)


def test_demo__takes_no_port_that_cannot_be() -> None:
    """A number that is too high is refused like a busy one."""
    done = manage("demo", "--port", "65536")

    assert done.returncode == 1
    assert "Port 65536 of 127.0.0.1 cannot be used" in done.stderr
    assert says_plainly(done.stdout + done.stderr)
