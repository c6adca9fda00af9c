"""Users keyed by UUID and named by address, a second database, many at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

MODULE = "tests.impersonation.project"


def run(scenario: str, folder: Path) -> dict[str, Any]:
    """Run a scenario of the project in a process of its own."""
    own = {"DJANGO_SETTINGS_MODULE": f"{MODULE}.settings", "DESK_FOLDER": str(folder)}
    done = subprocess.run(  # noqa: S603 - this project's own module
        [sys.executable, "-W", "error", "-m", f"{MODULE}.run", scenario],
        env=os.environ | own,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_custom_user__second_database(tmp_path: Path):
    """Ids are kept as text, names are addresses; the record is in one database."""
    found = run("walk", tmp_path)
    names = ["sam@example.com", "alice@example.com"]
    assert found["answers"] == [200, 200, 403, 200]
    assert found["seen"] == [names[1], {"basket": "full"}, names[0]]
    assert found["people"]
    assert (found["names"], found["cause"]) == (names, "stopped")
    assert found["events"] == [
        "start.requested",
        "start.granted",
        *["request.started", "request.finished"] * 2,
        "request.refused",
        *["request.started", "request.finished"],
        "grant.ended",
    ]
    assert found["tables"] == {
        "default": [
            "kc_exchange_keycloakidentity",
            "kc_exchange_keycloaklogin",
            "kc_exchange_offlinetoken",
        ],
        "records": [
            "kc_exchange_auditevent",
            "kc_exchange_audithead",
            "kc_exchange_granttoken",
            "kc_exchange_impersonationgrant",
        ],
    }


def test_double_start__at_the_same_moment(tmp_path: Path):
    """Of eight starts of one operator, in eight browsers, one begins; all are told."""
    found = run("crowd", tmp_path)
    assert found["answers"] == [200] + [403] * 7
    assert found["open"] == 1
    assert found["events"] == [
        *[["start.denied", "already_open"]] * 7,
        ["start.granted", ""],
        ["start.requested", ""],
    ]
    assert found["seen"] == ["alice@example.com"] + ["sam@example.com"] * 7


def test_many_tabs__while_the_grant_is_ended(tmp_path: Path):
    """No page fails; after the end none runs, and nothing of the target's is kept."""
    found = run("storm", tmp_path)
    assert set(found["answers"]) <= {200, 400, 403}
    assert found["ends"] == 1
    assert found["unfinished"] == 0
    assert found["after the end"] == 0
    assert found["left"] == 0
