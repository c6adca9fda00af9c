"""The server on the command line."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

import kc_exchange.testing
from kc_exchange.testing.__main__ import main

REALM = Path(kc_exchange.testing.__file__).with_name("realm.json")


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_main__serves_until_told_to_stop(name: signal.Signals) -> None:
    """It prints its address, serves, and ends cleanly."""
    command = [sys.executable, "-W", "error", "-m", "kc_exchange.testing", str(REALM)]
    with subprocess.Popen(  # noqa: S603 - this module, this file
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = process.stdout.readline().strip()
        reply = requests.get(f"{url}/realms/test", timeout=10)
        process.send_signal(name)
        assert process.wait(10) == 0
        assert process.stderr.read() == ""
    assert reply.json()["realm"] == "test"


def test_main__bad_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Cause and fix are on two lines, without a traceback."""
    assert main([str(tmp_path / "none.json")]) == 2
    cause, fix = capsys.readouterr().err.splitlines()
    assert "cannot be read" in cause
    assert fix.startswith("Give the path")


def test_main__taken_port(capsys: pytest.CaptureFixture[str]) -> None:
    """A port that is in use is told, with the way out."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main([str(REALM), "--port", str(port)]) == 2
    assert "--port" in capsys.readouterr().err
