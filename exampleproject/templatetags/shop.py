"""Write prices and days as people do."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django import template
from django.utils.formats import date_format

from kc_exchange import capture
from kc_exchange.exceptions import UnknownRealm

register = template.Library()
_BRANDS = {"default": "Kiln", "studio": "Kiln Studio"}


@register.simple_tag(takes_context=True)
def brand(context: template.Context) -> str:
    """Write the name of the brand that the address belongs to."""
    request: Any = context.get("request")
    try:
        alias = capture.login_realm(request).alias
    except UnknownRealm:
        alias = "default"
    return _BRANDS.get(alias, _BRANDS["default"])


@register.filter
def money(cents: int) -> str:
    """Write an amount of cents: `€24.00`."""
    euros, rest = divmod(cents, 100)
    return f"€{euros}.{rest:02d}"


@register.filter
def day(iso: str) -> str:
    """Write `2026-03-02` as `2 March 2026`."""
    return date_format(date.fromisoformat(iso), "j F Y")


@register.filter
def clock(seconds: int) -> str:
    """Write the time of day of an instant, in UTC: `14:05:09`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S")
