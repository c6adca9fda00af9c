"""How a subcommand ends: its exit code, and a sentence for a person."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError
from django.db import DatabaseError

from kc_exchange.exceptions import ExchangeError, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

WRONG = 1
"""The exit code of what was looked at and found wrong."""
UNABLE = 2
"""The exit code of what could not be done, so that nothing is known."""


@contextmanager
def explained() -> Iterator[None]:
    """Turn what keeps a subcommand from its work into exit code 2, cause and fix."""
    try:
        yield
    except ExchangeError as error:
        raise unable(error.cause, error.fix) from error
    except ImproperlyConfigured as error:
        raise CommandError(str(error), returncode=UNABLE) from error
    except DatabaseError as error:
        raise unable(
            f"The database cannot be read: {printable(error)}",
            "Check DATABASES, that the server runs, and that "
            "`manage.py migrate kc_exchange` was run.",
        ) from error
    except BrokenPipeError:  # whoever reads the output has enough
        raise
    except OSError as error:
        raise unable(
            f"{error.filename or 'The output'}: {error.strerror}.",
            "Check that the path is right, and that this user may read or write it.",
        ) from error


def unable(cause: str, fix: str) -> CommandError:
    """Return the error of what could not be done."""
    return CommandError(f"{cause}\nFix: {fix}", returncode=UNABLE)


def wrong(sentence: str, fix: str) -> CommandError:
    """Return the error of what was found wrong."""
    return CommandError(f"{sentence}\nFix: {fix}", returncode=WRONG)
