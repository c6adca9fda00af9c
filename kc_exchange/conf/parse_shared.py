"""Read `SHARED_CACHE`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from kc_exchange.conf.shared_values import SharedCache

if TYPE_CHECKING:
    from kc_exchange.conf.reader import Reader

SHARED = {"ALIAS", "LOCAL_SECONDS", "TIMEOUT", "KEYS"}
_LONGEST = 60.0
_SHORTEST_KEY = 32


def shared_cache(top: Reader) -> SharedCache | None:
    """Return the shared cache, None where the settings have none; note mistakes."""
    if "SHARED_CACHE" not in top.raw:
        return None
    reader = top.part("SHARED_CACHE")
    reader.only(SHARED)
    alias = reader.text("ALIAS", number="E037")
    if alias and alias not in settings.CACHES:
        hint = f"Name one of CACHES: {sorted(settings.CACHES)}."
        reader.wrong("E037", f"is {alias!r}, which CACHES does not have", hint, "ALIAS")
    return SharedCache(
        alias=alias,
        keys=_keys(reader),
        local_seconds=reader.number("LOCAL_SECONDS", 10.0, 1.0, _LONGEST),
        timeout=reader.number("TIMEOUT", 0.05, 0.001, 1.0),
    )


def _keys(reader: Reader) -> tuple[str | bytes, ...]:
    """Return KEYS, or what Django itself signs with."""
    keys = reader.texts("KEYS")
    if any(len(key) < _SHORTEST_KEY for key in keys):
        hint = "Make each of 32 random characters or more."
        reader.wrong("E038", "has a key that is too short", hint, "KEYS")
    return keys or (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
