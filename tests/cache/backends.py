"""Caches in memory that have bad days, named in CACHES by their path."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.cache.backends.locmem import LocMemCache

if TYPE_CHECKING:
    from collections.abc import Callable


class Lossy(LocMemCache):
    """It does what it is told, and while it is `lossy` nobody hears so."""

    lossy: ClassVar[bool] = False

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        """Put values, and lose the answer."""
        failed = super().set_many(*args, **kwargs)
        if Lossy.lossy:
            raise TimeoutError
        return failed


class Failing(LocMemCache):
    """It names what it could not put, as memcached does, instead of raising."""

    fails: ClassVar[bool] = False

    def set_many(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        """Put values, or none."""
        return list(data) if Failing.fails else super().set_many(data, *args, **kwargs)


class Telling(LocMemCache):
    """It tells once when a value is added, as a lease is."""

    tell: ClassVar[Callable[[], None] | None] = None

    def add(self, *args: Any, **kwargs: Any) -> Any:
        """Add a value."""
        tell, Telling.tell = Telling.tell, None
        if tell is not None:
            tell()
        return super().add(*args, **kwargs)


class Slow(LocMemCache):
    """It takes `seconds` to say what it had when it was asked."""

    seconds: ClassVar[float] = 0.0

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        """Return values, late."""
        found = super().get_many(*args, **kwargs)
        time.sleep(Slow.seconds)
        return found
