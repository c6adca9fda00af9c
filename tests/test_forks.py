"""A worker that is forked from a process that has worked already."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from kc_exchange.testing import DownstreamRecorder, EmbeddedKeycloak

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
@pytest.mark.fault(34)
def test_child__has_no_lock_of_the_parents(
    embedded_keycloak: EmbeddedKeycloak,
    kc_downstream: DownstreamRecorder,
    configure: Callable[..., None],
    settings: Any,
) -> None:
    """Whatever a thread of the parent's held: the child validates, exchanges, calls."""
    accepted = {"AUDIENCES": ["django-app", "account"]}
    configure(embedded_keycloak, kc_downstream, REALM=accepted)
    token = embedded_keycloak.token("test", "alice", client_id="django-app")

    ran = subprocess.run(  # noqa: S603 - our own script
        [
            *(sys.executable, "-m", "tests.forking"),
            *(json.dumps(settings.KC_EXCHANGE), token),
        ],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    known = ran.stdout.split()
    assert int(known[0]) >= 8, known
    assert len(kc_downstream.tokens) == 2
    assert len(embedded_keycloak.exchanges) == 2
