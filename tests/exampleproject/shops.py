"""Shops of their own for tests: real processes, on free ports."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from exampleproject.demo import stack
from exampleproject.demo.visitor import Visitor
from exampleproject.environment import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exampleproject.demo.stack import Stack

JSON = {"Accept": "application/json"}
ANY_PORT = {"SHOP_PARCEL_ISSUER": "http://127.0.0.1:0/realms/parcel"}
"""Lets tests side by side each have a parcel service."""


@contextmanager
def shop(keycloak_url: str | None = None) -> Iterator[Stack]:
    """A shop with its services, and an embedded Keycloak unless one is named."""
    with stack.running(keycloak_url, 0, "ERROR") as running:
        yield running


@contextmanager
def visitor(
    running: Stack, name: str = "", *, brand: str = "shop"
) -> Iterator[Visitor]:
    """Somebody with a browser at a brand's address, logged in if they have a name."""
    address = running.studio if brand == "studio" else running.shop
    with closing(Visitor(address)) as somebody:
        if name:
            somebody.log_in(name, f"{name}-demo")
        yield somebody


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What `manage.py` does and says."""
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=clean(**environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def clean(**environment: str) -> dict[str, str]:
    """The environment without what the tests' own Django was told."""
    kept = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    return {**kept, **environment}


def says_plainly(text: str) -> bool:
    """Neither a traceback nor a token is in it."""
    return "Traceback" not in text and "eyJ" not in text
