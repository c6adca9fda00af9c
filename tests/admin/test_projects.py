"""The button by one setting, in projects of different users and orders of apps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def run(user: str, place: int) -> dict[str, Any]:
    """Walk through a project with this user model, and our app at this place."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.admin.clerks.run"],
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "tests.admin.clerks.settings",
            "CLERKS_USER": user,
            "CLERKS_PLACE": str(place),
        },
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    walked: dict[str, Any] = json.loads(done.stdout)
    return walked


@pytest.mark.parametrize(
    ("user", "place"),
    [
        ("auth.User", 0),
        ("auth.User", 3),
        ("auth.User", 7),
        ("clerks.Clerk", 0),
        ("clerks.Clerk", 7),
        ("clerks.Member", 7),
    ],
)
def test_user_admin__of_any_user_and_order(user: str, place: int) -> None:
    """Before the admin and after it, with keys of text and UUIDs, all of it works."""
    walked = run(user, place)

    assert walked["admin"][:3] == ["ClerkAdmin", "ImpersonateMixin", "ClerkAdmin"]
    assert walked["links"] == 1
    assert walked["form"] == 200
    assert walked["who"] == walked["target"]
    assert walked["back"] == 200
    assert walked["acted"]
    assert walked["listed"]
