"""Users without a username, in a process with settings of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path


def with_persons(*many_claims):
    done = subprocess.run(
        [sys.executable, "-m", "tests.custom_user.run"],
        input=json.dumps(many_claims),
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.custom_user.settings"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=True,
        text=True,
    )
    return json.loads(done.stdout)


def test_custom_user__named_by_address_keyed_by_uuid():
    """Where addresses are the names, only a verified one is taken, and once."""
    mail = {"email": "alice@example.com", "email_verified": True}
    first, again, other, unverified = with_persons(
        {"sub": "1", **mail},
        {"sub": "1", **mail},
        {"sub": "2", **mail | {"email": "ALICE@example.com"}},
        {"sub": "3", "email": "bob@example.com", "email_verified": False},
    )
    assert first == again
    assert uuid.UUID(first[0]).version == 4
    assert first[1:] == ["alice@example.com", False]
    assert other[1:] == ["2@keycloak.invalid", False]
    assert unverified[1:] == ["3@keycloak.invalid", False]
