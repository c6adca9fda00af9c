"""The help desk in a process of its own, for tests that kill it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, cast

from tests.impersonation.helpdesk import people

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.testing import DownstreamRecorder, EmbeddedKeycloak

ROOT = Path(__file__).parents[3]
LOCAL = {"IMPERSONATION": {"AT_KEYCLOAK": "never"}}
PATIENCE = 60
Place = dict[str, Any]
"""Settings of a database: of SQLite the name alone."""
START: dict[str, Any] = {"act": "visit", "path": "/desk/start/", "target": "alice"}


class HelpDesk:
    """Orders for a process of the help desk, on a database that is named each time."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self.folder = folder
        self._copies = 0

    def ask(self, database: Place, act: str, **order: Any) -> dict[str, Any]:
        """Let a new process do something on a database, and return what it says."""
        self.send(database, act, **order)
        return self.receive()

    def send(self, database: Place, act: str, **order: Any) -> None:
        """Let a new process begin to do something; see `receive`."""
        assert self._process.stdin is not None
        order |= {"act": act, "database": database}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        """Return what the process says that was sent for last."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the process ended"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def file(self, template: Place | None = None) -> Place:
        """Return a new database in a file, empty or a copy of one that nobody uses."""
        self._copies += 1
        place = {"NAME": str(self.folder / f"{self._copies}.sqlite3")}
        if template is None:
            self.ask(place, "migrate")
        else:
            shutil.copy(template["NAME"], place["NAME"])
        return place

    def prepare(self, database: Place, keycloak: EmbeddedKeycloak | None = None) -> str:
        """Make everybody, log the operator in, and return the session's key."""
        told: dict[str, Any] = {"identities": {}, "issuer": ""}
        if keycloak is not None:
            told["identities"] = people.identities(keycloak)
            told["issuer"] = keycloak.issuer(people.REALM)
        return str(self.ask(database, "prepare", **told)["key"])

    def begin(self, database: Place, key: str) -> str:
        """Start a grant, and return the operator's new session key."""
        answer = self.ask(database, **START, key=key)
        assert answer["status"] == 200, answer
        return str(answer["key"])


@contextmanager
def running(
    folder: Path, kc_exchange: dict[str, Any], **database: Any
) -> Iterator[HelpDesk]:
    """Run a help desk with these settings; `database` adds to those of the database."""
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


class Gate:
    """Whether an account of the embedded Keycloak is enabled: who asks has to wait."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        self._asked = Event()
        self._opened = Event()

    def __bool__(self) -> bool:
        self._asked.set()
        return self._opened.wait(PATIENCE) and self._enabled

    @contextmanager
    def held(self, keycloak: EmbeddedKeycloak, name: str) -> Iterator[None]:
        """Run the block while Keycloak is being asked for a token of this person."""
        user = keycloak.realm(people.REALM).user(name)
        assert user is not None
        user.enabled = cast("bool", self)
        try:
            yield
        finally:
            self._opened.set()

    def wait(self) -> None:
        """Wait until Keycloak has been asked."""
        assert self._asked.wait(PATIENCE)


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
                "DEADLINE": 30,
            }
        },
        "DOWNSTREAMS": {
            "orders-api": {"BASE_URL": downstream.url, "SCOPES": ["orders:read"]}
        },
        "IMPERSONATION": {"ORDINARY_ROLES": ["customer"]},
    }
