"""Child processes that never outlive the demo."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Self

from exampleproject.demo.failure import DemoFailed
from exampleproject.environment import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

_GRACE = 5.0
_LONGEST = 60.0
_MANAGE = (sys.executable, str(ROOT / "manage.py"))


class Served:
    """One project, served by a process of its own until the block ends.

    The process ends by itself when this one is gone, however that came: then its
    standard input ends.
    """

    def __init__(
        self,
        name: str,
        settings: str,
        environment: Mapping[str, str],
        port: int = 0,
        options: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.url = ""
        self._options = (
            *("serve", "--migrate", "--until-stdin-ends", "--port", str(port)),
            *options,
        )
        self._environment = {
            **os.environ,
            **environment,
            "DJANGO_SETTINGS_MODULE": settings,
            "PYTHONUNBUFFERED": "1",
        }
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> Self:
        """Begin to start; `wait_until_up` tells when it is done."""
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [*_MANAGE, *self._options],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        return self

    def wait_until_up(self) -> str:
        """Return the address, once it is served.

        Raises:
            DemoFailed: the process ended instead.
        """
        process = self._running()
        assert process.stdout is not None  # noqa: S101 - for the type checker
        self.url = process.stdout.readline().strip()
        if not self.url:
            raise DemoFailed(
                f"{self.name} did not start (exit code {process.wait()}).",
                "Its own message is above; correct what it names.",
            )
        return self.url

    def has_ended(self) -> bool:
        """Report whether the process is gone."""
        return self._running().poll() is not None

    def manage(
        self, *arguments: str, told: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run another command of the same project, and return what it said.

        `told` is what it reads from its standard input.
        """
        return subprocess.run(  # noqa: S603 - our own command
            [*_MANAGE, *arguments],
            cwd=ROOT,
            env=self._environment,
            input=told,
            capture_output=True,
            text=True,
            timeout=_LONGEST,
            check=False,
        )

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise RuntimeError(f"{self.name} has not been started.")
        return self._process

    def stop(self) -> None:
        """End the process; it is gone when this returns."""
        process = self._process
        if process is None:
            return
        with process:
            process.terminate()
            try:
                process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                process.kill()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
