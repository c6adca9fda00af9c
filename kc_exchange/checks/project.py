"""What several checks ask of the project around."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from kc_exchange.checks.message import error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.core.checks import CheckMessage


def is_function(path: str) -> bool:
    """Return whether a dotted path leads to something that can be called."""
    try:
        # A relative path is no ImportError to importlib.
        return not path.startswith(".") and callable(import_string(path))
    except (ImportError, ImproperlyConfigured):
        return False


def misplaced(
    number: str, middleware: str, before: Iterable[str]
) -> Iterator[CheckMessage]:
    """Yield an error for each of `before` that stands after an installed middleware."""
    installed = list(settings.MIDDLEWARE)
    place = installed.index(middleware)
    for earlier in before:
        if earlier in installed and installed.index(earlier) > place:
            yield error(
                number,
                f"{middleware} comes before {earlier}, whose work it needs.",
                f"Move it below {earlier} in MIDDLEWARE.",
            )
