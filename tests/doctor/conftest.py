"""Servers to examine: embedded ones, and real ones where the environment has some."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command

from tests.doctor.provider import provider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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
