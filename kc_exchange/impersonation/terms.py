"""What an operator states before a grant: reason, ticket, category, mode, minutes."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError

from kc_exchange import conf
from kc_exchange.models import ImpersonationGrant

if TYPE_CHECKING:
    from kc_exchange.conf.impersonation_values import Impersonation

SHORTEST_REASON = 10
LONGEST_REASON = 1_000
LONGEST_TICKET = 100
_TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}")
_LOOKS_EMPTY = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters that have no ink: fillers, and the blank of Braille."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The terms of a grant, checked."""

    reason: str
    ticket: str
    category: str
    mode: str
    minutes: int


def terms(
    *,
    reason: str,
    ticket: str = "",
    category: str = "",
    mode: str = "read-only",
    minutes: int | None = None,
) -> Terms:
    """Return the terms, trimmed and checked against the settings.

    Raises:
        ValidationError: a mapping of what is wrong to the names of the arguments.
    """
    settings = conf.current().impersonation
    wrong: dict[str, str] = {}
    reason, ticket = trimmed(reason), trimmed(ticket)
    wrong["reason"] = _wrong_reason(reason)
    wrong["ticket"] = _wrong_ticket(ticket, settings)
    if settings.categories and category not in settings.categories:
        wrong["category"] = "Choose one of the categories."
    elif not settings.categories and category:
        wrong["category"] = "This site has no categories."
    if mode not in ImpersonationGrant.Mode.values:
        wrong["mode"] = "Choose read-only or read-write."
    minutes = settings.default_minutes if minutes is None else minutes
    if type(minutes) is not int or not 1 <= minutes <= settings.max_minutes:
        wrong["minutes"] = f"Choose from 1 to {settings.max_minutes} minutes."
    if any(wrong.values()):
        raise ValidationError({name: [text] for name, text in wrong.items() if text})
    return Terms(
        reason=reason, ticket=ticket, category=category, mode=mode, minutes=minutes
    )


def trimmed(text: str) -> str:
    """Return `text` without what has no ink at its ends."""
    start, end = 0, len(text)
    while start < end and _has_no_ink(text[start]):
        start += 1
    while end > start and _has_no_ink(text[end - 1]):
        end -= 1
    return text[start:end]


def _wrong_reason(reason: str) -> str:
    if len(reason) > LONGEST_REASON:
        return f"Shorten the reason: {len(reason)} of {LONGEST_REASON} characters."
    inked = re.sub(r"\s+", " ", "".join(c for c in reason if not _is_hidden(c)))
    if len(inked) < SHORTEST_REASON:
        return f"Say why, in {SHORTEST_REASON} characters or more."
    if _holds_control(reason, "\n\r\t"):
        return "Remove the control characters, which cannot be shown."
    if _TOKEN.search(reason):
        return "This looks like a token. Leave it out: the reason is kept for good."
    return ""


def _wrong_ticket(ticket: str, settings: Impersonation) -> str:
    pattern = settings.ticket_pattern
    if len(ticket) > LONGEST_TICKET:
        return f"A ticket has {LONGEST_TICKET} characters at the most."
    if _holds_control(ticket, "") or _TOKEN.search(ticket):
        return "This is not the name of a ticket."
    if ticket and pattern and not re.fullmatch(pattern, ticket):
        looks = settings.ticket_help or f"It has to match {pattern}"
        return f"This is not the name of a ticket here. {looks}"
    return ""


def _holds_control(text: str, allowed: str) -> bool:
    """Whether `text` has control characters, or halves of characters."""
    return any(
        unicodedata.category(c) in {"Cc", "Cs"} and c not in allowed for c in text
    )


def _has_no_ink(char: str) -> bool:
    return char.isspace() or _is_hidden(char)


def _is_hidden(char: str) -> bool:
    if char in _LOOKS_EMPTY:
        return True
    return (
        unicodedata.category(char) in {"Cf", "Cc", "Zl", "Zp"} and char not in "\n\t\r"
    )
