"""Servers to examine: embedded ones, and real ones where the environment has some."""

from __future__ import annotations

import io
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command

pytest.register_assert_rewrite("tests.doctor.admin", "tests.doctor.world")

from tests.doctor.kinds import MARKER, address  # noqa: E402 - after the line above
from tests.doctor.provider import provider  # noqa: E402
from tests.left_out import leave_out  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def is_required() -> bool:
    """Whether a run without the real servers must fail: in CI, when CI says so."""
    required = os.environ.get("KC_EXCHANGE_REQUIRE_KEYCLOAK") == "1"
    return required and bool(os.environ.get("CI"))


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out what needs a real Keycloak that was not named."""
    missing = [MARKER[features] for features in MARKER if not address(features)]
    if missing and not is_required():
        leave_out(config, items, "doctor", *missing)


@pytest.fixture(scope="session")
def partner() -> Iterator[str]:
    """The address of an identity provider that is no Keycloak."""
    with provider() as address:
        yield address


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return a function that runs the command with a token on standard input."""

    def run(*arguments: str, token: str | None = None) -> tuple[int, str]:
        """Return the exit code, and all that was printed."""
        given = [] if token is None else ["--user-token-stdin"]
        monkeypatch.setattr("sys.stdin", io.StringIO(token or ""))
        out = io.StringIO()
        try:
            call_command("kc_exchange", "doctor", *arguments, *given, stdout=out)
        except CommandError as error:
            return error.returncode, f"{out.getvalue()}\n{error}"
        return 0, out.getvalue()

    return run


@pytest.fixture
def examined(doctor: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that runs the command with `--json`, and reads it."""

    def run(*arguments: str, token: str | None = None) -> dict[str, Any]:
        code, out = doctor("--json", *arguments, token=token)
        found: dict[str, Any] = json.JSONDecoder().raw_decode(out)[0]
        assert found["exit_code"] == code
        return found

    return run
