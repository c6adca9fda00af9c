#!/usr/bin/env python
"""Run Django's commands, and the demo, in the example project."""

from __future__ import annotations

import os
import sys

START = "python manage.py demo"


def main() -> int:
    """Run the command that was named; say cause and fix where that cannot be."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "exampleproject.settings")
    try:
        from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415
        from django.core.management import execute_from_command_line  # noqa: PLC0415
    except ImportError:
        return _fail("Django is not installed here.", "pip install -e '.[demo]'")
    if len(sys.argv) == 1:
        return _fail("No command was named.", f"to see it run: {START}")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        return _fail(f"The settings hold a mistake. {error}", "correct that setting.")
    except ModuleNotFoundError as error:
        return _fail(
            f"The module {error.name!r} is missing.", "pip install -e '.[demo]'"
        )
    return 0


def _fail(cause: str, fix: str) -> int:
    sys.stderr.write(f"{cause}\nFix: {fix}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
