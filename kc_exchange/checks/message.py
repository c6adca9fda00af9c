"""What a check says: a number, what is wrong, and what to do."""

from __future__ import annotations

from django.core.checks import Error
from django.core.checks import Warning as CheckWarning


def error(number: str, message: str, hint: str) -> Error:
    """Return an error, which keeps management commands from running."""
    return Error(message, hint=hint, id=f"kc_exchange.{number}")


def warning(number: str, message: str, hint: str) -> CheckWarning:
    """Return a warning, which keeps nothing from running."""
    return CheckWarning(message, hint=hint, id=f"kc_exchange.{number}")
