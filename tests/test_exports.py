"""What can be imported is what is promised."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import pytest

import kc_exchange

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(kc_exchange.__path__, "kc_exchange.")
    if "__main__" not in module.name and "migrations" not in module.name
)


def test_package__exports_what_it_lists() -> None:
    """Each name of `__all__` can be imported, and `dir` hides nothing of them."""
    for name in kc_exchange.__all__:
        assert getattr(kc_exchange, name)

    assert kc_exchange.__all__ == [
        "SubjectReference",
        "__version__",
        "acting_for",
        "carried",
        "downstream_client",
        "downstream_session",
        "exchange_external",
    ]
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = kc_exchange.nothing


@pytest.mark.parametrize("name", MODULES)
def test_module__exports_what_it_lists(name: str) -> None:
    """A name in `__all__` that is not there breaks `import *`."""
    module = importlib.import_module(name)

    for exported in getattr(module, "__all__", ()):
        assert hasattr(module, exported)


TOKEN_PATH = (
    "cache", "conf", "context", "discovery", "downstream", "exceptions", "exchange",
    "middleware", "signals", "sources", "strict_json", "tokens", "transport",
)  # fmt: skip


@pytest.mark.parametrize(
    "name", [name for name in MODULES if name.split(".")[1] in TOKEN_PATH]
)
def test_module__says_what_it_is_for(name: str) -> None:
    """Every module of the token path has a docstring."""
    assert importlib.import_module(name).__doc__


def test_import__needs_no_settings() -> None:
    """Django imports an app's package before its settings are read."""
    code = (
        "import kc_exchange, sys; assert kc_exchange.__version__; "
        "assert not [m for m in sys.modules if m.startswith(('django', 'requests'))]"
    )
    environment = {"PATH": "", "PYTHONPATH": ":".join(sys.path)}

    done = subprocess.run(  # noqa: S603 - the test's own code
        [sys.executable, "-W", "error", "-c", code],
        env=environment,
        capture_output=True,
        check=False,
    )

    assert done.stderr == b""
    assert done.returncode == 0
