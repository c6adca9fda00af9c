"""The record of the impersonation: sound, signed, and sound no more once altered."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from exampleproject.demo.expectations import expect

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Mapping
    from typing import Any

    from exampleproject.demo.stack import Stack

    Told = list[tuple[str, Mapping[str, Any] | None]]

_EVENTS = "kc_exchange_auditevent"
_ALTERED = "request.refused"
_MUST = frozenset(
    {
        "start.requested",
        "start.granted",
        "request.started",
        "request.finished",
        _ALTERED,
        "token.issued",
        "grant.ended",
        "token.revoked",
    }
)
"""Types of events that an impersonation leaves, in the demo."""


class Record:
    """What whoever looks after the shop does with the record, and an intruder to it."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._checkpoint = str(stack.folder / "record.checkpoint")

    def verify(self) -> Told:
        """See that the record is whole, and sign it as it is."""
        told = self._export()
        missing = _MUST - {event["event"]["code"] for event in told}
        expect(
            not missing,
            f"The record has nothing of {', '.join(sorted(missing))}.",
            "Read the shop's log, above: what cannot be recorded is not done.",
        )
        _expect_code(self._audit("verify"), 0)
        _expect_code(self._audit("checkpoint", "--output", self._checkpoint), 0)
        return [
            (f"verified: {len(told)} events, from start.requested on", None),
            ("the checkpoint is signed", None),
        ]

    def alter(self) -> Told:
        """Alter an event as the database's owner can; see that it is named."""
        with closing(sqlite3.connect(self.stack.database)) as database:
            seq = _altered(database)
        done = self._audit("verify", "--checkpoint", self._checkpoint)
        _expect_code(done, 1)
        expect(
            f"payload_changed {seq}:" in done.stdout,
            f"The altered event {seq} is not named: {done.stdout}",
            "Report this.",
        )
        said = next(line for line in done.stdout.splitlines() if f" {seq}:" in line)
        return [
            ("an UPDATE of an event: refused by the database's trigger", None),
            (f"without the trigger: exit 1, {said}", None),
        ]

    def _export(self) -> list[dict[str, Any]]:
        done = self._audit("export", "--format", "ecs")
        _expect_code(done, 0)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def _audit(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.stack.manage("kc_exchange", "audit", *arguments)


def _expect_code(done: subprocess.CompletedProcess[str], code: int) -> None:
    said = " ".join(f"{done.stdout} {done.stderr}".split())
    command = " ".join(map(str, done.args[2:]))
    expect(
        done.returncode == code,
        f"`{command}` ended with {done.returncode}, not with {code}: {said}",
        "Read what it says; report it if nobody else wrote to the database.",
    )


def _altered(database: sqlite3.Connection) -> int:
    """Change who was refused what, past the triggers; return the event's number."""
    seq, payload = database.execute(
        f"SELECT seq, payload FROM {_EVENTS} WHERE type = ? LIMIT 1",  # noqa: S608
        [_ALTERED],
    ).fetchone()
    change = f"UPDATE {_EVENTS} SET payload = ? WHERE seq = ?"  # noqa: S608
    values = [bytes(payload).replace(b'"failure"', b'"success"'), seq]
    try:
        with database:
            database.execute(change, values)
        blocked = False
    except sqlite3.IntegrityError:
        blocked = True
    expect(blocked, "The database let an event be changed.", "Run manage.py migrate.")
    with database:
        triggers = database.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in triggers:
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute(change, values)
        for _, sql in triggers:
            database.execute(sql)
    return int(seq)


def steps(record: Record) -> list[tuple[str, Callable[[], Told]]]:
    """Return the steps in the order in which they are walked."""
    return [("record", record.verify), ("tampering", record.alter)]
