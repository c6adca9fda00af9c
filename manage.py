#!/usr/bin/env python
"""Run Django's commands, and the demo, in the example project."""

from __future__ import annotations

import os
import sys

_INTERRUPTED = 130
_INSTALL = "pip install -e '.[demo]'"


def main() -> int:
    """Run the command that was named; say cause and fix where that cannot be."""
    module = os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exampleproject.settings")
    if len(sys.argv) == 1:
        return _fail(
            "No command was named.",
            "python manage.py demo, to see it run; python manage.py help, for all.",
        )
    try:
        return _run()
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if f"{module}.".startswith(f"{missing}."):
            return _fail(
                f"There are no settings {module}.", "correct DJANGO_SETTINGS_MODULE."
            )
        return _fail(f"The module {missing} is missing.", _INSTALL)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # whoever reads the output, such as `head`, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run() -> int:
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        return _fail(f"The settings hold a mistake. {error}", "correct that setting.")
    return 0


def _fail(cause: str, fix: str) -> int:
    sys.stderr.write(f"{cause}\nFix: {fix}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
