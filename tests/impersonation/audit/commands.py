"""Run `manage.py kc_exchange audit` and look at what it says."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command, execute_from_command_line


def run(*arguments: object) -> str:
    """Run `kc_exchange audit ...`; return what it printed."""
    out = io.StringIO()
    call_command("kc_exchange", "audit", *map(str, arguments), stdout=out)
    return out.getvalue()


def fails(code: int, *arguments: object) -> tuple[str, str]:
    """Return what it printed, and the error's text, if it ends with `code`."""
    out = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("kc_exchange", "audit", *map(str, arguments), stdout=out)
    assert caught.value.returncode == code
    assert "Fix: " in str(caught.value)
    return out.getvalue(), str(caught.value)


def exit_code(*arguments: object) -> int | str | None:
    """Return the exit code of the command line."""
    words = ["manage.py", "kc_exchange", "audit", *map(str, arguments)]
    try:
        execute_from_command_line(words)
    except SystemExit as end:
        return end.code
    return 0
