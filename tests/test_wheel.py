"""The built wheel holds what an installed package needs, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build the wheel and list it."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        return set(opened.namelist())


@pytest.mark.wheel
@pytest.mark.parametrize(
    "name",
    [
        "kc_exchange/py.typed",
        "kc_exchange/templates/kc_exchange/error.html",
        "kc_exchange/templates/kc_exchange/banner.html",
        "kc_exchange/templates/admin/kc_exchange/impersonate.html",
        "kc_exchange/templates/admin/kc_exchange/impersonationgrant/change_form.html",
        "kc_exchange/static/kc_exchange/impersonation.css",
        "kc_exchange/static/kc_exchange/impersonation.js",
        "kc_exchange/static/kc_exchange/error.css",
        "kc_exchange/testing/realm.json",
        "kc_exchange/migrations/0001_identity.py",
    ],
)
def test_wheel__has(names: set[str], name: str) -> None:
    """Templates, types, data and migrations travel along."""
    assert name in names


@pytest.mark.wheel
def test_wheel__has_nothing_else(names: set[str]) -> None:
    """Neither tests nor the example project are installed with the package."""
    tops = {name.split("/")[0] for name in names}

    assert tops == {"kc_exchange", "kc_exchange-0.1.0.dist-info"}
