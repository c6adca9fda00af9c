"""The help desk in a process of its own, for tests that kill it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.impersonation.helpdesk import people

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.testing import DownstreamRecorder, EmbeddedKeycloak

ROOT = Path(__file__).parents[3]
LOCAL = {"IMPERSONATION": {"AT_KEYCLOAK": "never"}}


class HelpDesk:
    """Orders for a process of the help desk, on databases that are SQLite files."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder
        self._copies = 0

    def ask(self, database: Path, act: str, **order: Any) -> dict[str, Any]:
        """Let a new process do something on a database, and return what it says."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order |= {"act": act, "database": {"NAME": str(database)}}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the process ended"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def database(self, template: Path | None = None) -> Path:
        """Return a new database, empty or a copy of one that nobody uses."""
        self._copies += 1
        path = self._folder / f"{self._copies}.sqlite3"
        if template is None:
            self.ask(path, "migrate")
        else:
            shutil.copy(template, path)
        return path


@contextmanager
def running(
    folder: Path, kc_exchange: dict[str, Any], **database: Any
) -> Iterator[HelpDesk]:
    """Run a help desk with these settings; `database` adds to those of SQLite."""
    told = {"kc_exchange": kc_exchange, "database": database}
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.impersonation.helpdesk.settings",
        "HELPDESK": json.dumps(told),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.impersonation.helpdesk.process"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield HelpDesk(process, folder)
    finally:
        process.communicate(timeout=60)


def at_keycloak(
    keycloak: EmbeddedKeycloak, downstream: DownstreamRecorder
) -> dict[str, Any]:
    """Return settings that name this Keycloak and this service."""
    return {
        "REALMS": {
            "default": {
                "ISSUER": keycloak.issuer(people.REALM),
                "CLIENT_ID": "django-app",
                "CLIENT_SECRET": "django-app-secret",
            }
        },
        "DOWNSTREAMS": {
            "orders-api": {"BASE_URL": downstream.url, "SCOPES": ["orders:read"]}
        },
        "IMPERSONATION": {"ORDINARY_ROLES": ["customer"]},
    }
