"""What an event of the record says in a line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

from kc_exchange.templatetags.kc_exchange import visible

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

    from kc_exchange.models import AuditEvent

_FACTS = ("method", "route", "status", "audience", "cause", "ended_by", "strategy")
"""What of an event's details stands in its line."""


def payload_of(event: AuditEvent) -> dict[str, Any]:
    """Return the payload of `event`; empty where it is none, after tampering."""
    try:
        found = json.loads(bytes(event.payload))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def told(event: AuditEvent) -> SafeString | str:
    """Return what was done, such as "GET orders 200"."""
    details = payload_of(event).get("details")
    facts = details if isinstance(details, dict) else {}
    words = [str(facts[name]) for name in _FACTS if facts.get(name) not in (None, "")]
    return visible(" ".join(words)) if words else ""


def result(event: AuditEvent) -> SafeString | str:
    """Return the outcome, with its code, whose words may stand below one another."""
    outcome = event.get_outcome_display()
    if not event.code:
        return outcome
    words = event.code.replace("_", "_ ").split(" ")
    code = format_html_join(mark_safe("<wbr>"), "{}", ((word,) for word in words))
    return format_html("{} ({})", outcome, code)
