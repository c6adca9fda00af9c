"""A record of its own for a test, in a SQLite file; see `history` and `owner`.

For another database: `connected(alias, ENGINE=..., NAME=..., ...)`, `migrate` it, set
`settings.DATABASE_ROUTERS = [Router(alias)]`, and take `History(alias)`; its `owner`
knows SQLite, PostgreSQL and MariaDB.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from django.core.management import call_command
from django.db import connections

from tests.impersonation.audit.history import ANNA, ORIGIN, SAM, History
from tests.impersonation.audit.owner import EVENTS, HEAD, Owner, rows_of

__all__ = [
    "ANNA", "EVENTS", "HEAD", "ORIGIN", "SAM", "History", "Owner", "Router",
    "connected", "found", "history", "migrated", "owner", "rows_of", "use_key",
]  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kc_exchange.impersonation.audit.notes import Signer


class Router:
    """Send everything of kc_exchange to one database, and the rest nowhere special."""

    def __init__(self, alias: str) -> None:
        self.alias = alias

    def db_for_read(self, model: Any, **_hints: Any) -> str | None:
        """Return the alias for a model of kc_exchange."""
        return self.alias if model._meta.app_label == "kc_exchange" else None

    db_for_write = db_for_read


@contextmanager
def connected(alias: str, **changes: Any) -> Iterator[None]:
    """Add a database to `connections`; close it and forget it at the end."""
    connections.settings[alias] = {**connections.settings["default"], **changes}
    try:
        yield
    finally:
        connections[alias].close()
        del connections[alias]
        del connections.settings[alias]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: Any, django_db_blocker: Any) -> Path:
    """Return a SQLite file with all tables and triggers, to copy from."""
    path: Path = tmp_path_factory.mktemp("record") / "migrated.sqlite3"
    with django_db_blocker.unblock(), connected("migrated", NAME=str(path)):
        call_command("migrate", database="migrated", verbosity=0)
    return path


@pytest.fixture
def history(
    migrated: Path, tmp_path: Path, settings: Any, django_db_blocker: Any
) -> Iterator[History]:
    """Return an empty record in a SQLite file of this test alone."""
    path = tmp_path / "record.sqlite3"
    shutil.copy(migrated, path)
    with django_db_blocker.unblock(), connected("record", NAME=str(path)):
        settings.DATABASE_ROUTERS = [Router("record")]
        found = History("record")
        use_key(settings, tmp_path, found.signer)
        yield found


def use_key(settings: Any, folder: Path, signer: Signer) -> None:
    """Let the settings name the signer's key, as a file and as a verifier key."""
    path = folder / "key.pem"
    pem = signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(pem)
    settings.KC_EXCHANGE = {
        **settings.KC_EXCHANGE,
        "AUDIT": {
            "ORIGIN": signer.name,
            "SIGNING_KEY": str(path),
            "VERIFY_KEYS": [str(signer.verifier)],
        },
    }


@pytest.fixture
def owner(history: History) -> Owner:
    """Return the database's owner; there are 13 events, and no trigger any more."""
    history.write(requests=5)
    assert history.verify().is_sound
    assert history.owner.drop_triggers()
    return history.owner


def found(history: History, *checkpoints: bytes) -> list[tuple[str, int | None]]:
    """Return what is wrong, in the order of the report."""
    report = history.verify(*checkpoints)
    assert report.exit_code == (1 if report.findings else 0)
    return [(str(finding.reason), finding.seq) for finding in report.findings]
