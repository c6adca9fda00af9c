"""An event, as it is handed in, as it is hashed, and as it is searched for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings

from kc_exchange.impersonation.audit.canonical import Json, storable
from kc_exchange.models import AuditEvent

if TYPE_CHECKING:
    from kc_exchange.impersonation.people import Person

VERSION = 1
"""Of the payload's form."""
_LONGEST = {"type": 40, "outcome": 10, "code": 60}
_NAME = 255
"""As in the table: a longer text would be refused by some databases."""
_ACTING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What acts on a terminal, on lines or on the order of letters, or cannot be stored.

A list of its own: what Unicode says of a character differs between Python's versions.
"""
_NOT_ASCII = re.compile(r"[^\x20-\x7e]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened under a grant, or was refused."""

    type: str
    """One of `AuditEvent.Type`."""
    operator: Person
    target: Person | None = None
    grant: UUID | None = None
    outcome: str = "success"
    """One of `AuditEvent.Outcome`."""
    code: str = ""
    """Why it was refused, or why the grant ended."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """Texts, integers, truth values, None, lists and dictionaries. No token."""

    def __post_init__(self) -> None:
        if self.type not in AuditEvent.Type.values:
            raise ValueError(f"There is no type of event {self.type!r}.")
        if self.outcome not in AuditEvent.Outcome.values:
            raise ValueError(f"There is no outcome {self.outcome!r}.")


def payload(event: Event, *, seq: int, event_id: UUID, at: datetime) -> dict[str, Json]:
    """Return what is hashed of `event`, its number and its time with it.

    Args:
        event: what happened.
        seq: its number in the record.
        event_id: for whoever may get it twice.
        at: when it was recorded, with its time zone.

    Raises:
        NotCanonical: its details hold something that JSON has not, or a float.
    """
    when = at.astimezone(UTC).isoformat(timespec="microseconds")
    said = {
        "v": VERSION,
        "seq": seq,
        "event_id": str(event_id),
        "type": event.type,
        "outcome": event.outcome,
        "code": event.code,
        "occurred_at": when.replace("+00:00", "Z"),
        "operator": _person(event.operator),
        "target": None if event.target is None else _person(event.target),
        "grant": None if event.grant is None else str(event.grant),
        "details": event.details,
    }
    return {name: storable(value) for name, value in said.items()}


def columns(said: Mapping[str, Any], *, ascii_only: bool = False) -> dict[str, Any]:
    r"""Return the columns of a payload: for searching, never for the truth.

    They must not be why an event is refused: a text is cut to its column, and what
    no column takes, or acts on a reader, becomes an escape such as `\u0000`.

    Args:
        said: the payload.
        ascii_only: escape all that is not ASCII, for a database without Unicode.

    Raises:
        KeyError, TypeError, ValueError: `said` is no payload.
    """
    operator, target = said["operator"], said["target"] or {"id": "", "name": ""}
    texts = {
        **{name: said[name] for name in ("type", "outcome", "code")},
        **{f"operator_{name}": operator[name] for name in ("id", "name")},
        **{f"target_{name}": target[name] for name in ("id", "name")},
    }
    return {
        "event_id": UUID(said["event_id"]),
        **{name: _column(name, text, ascii_only) for name, text in texts.items()},
        "occurred_at": _moment(said["occurred_at"]),
        "grant_id": None if said["grant"] is None else UUID(said["grant"]),
    }


def _person(person: Person) -> dict[str, str]:
    return {
        "id": person.id,
        "name": person.name,
        "iss": person.issuer,
        "sub": person.subject,
    }


def _moment(said: str) -> datetime:
    """Return the moment as the database takes it; in UTC also without USE_TZ."""
    at = datetime.fromisoformat(said)
    return at if settings.USE_TZ else at.replace(tzinfo=None)


def _column(name: str, stored: Json, ascii_only: bool) -> str:  # noqa: FBT001
    longest = _LONGEST.get(name, _NAME)
    unwanted = _NOT_ASCII if ascii_only else _ACTING
    return unwanted.sub(_escape, _text(stored)[:longest])[:longest]


def _text(stored: Json) -> str:
    """Return the text that `storable` made `stored` of; of a long one its beginning."""
    if isinstance(stored, Mapping) and "cut" in stored:
        return _text(stored["cut"])
    if isinstance(stored, Mapping) and "utf-16-be" in stored:
        units = bytes.fromhex(str(stored["utf-16-be"]))
        return units.decode("utf-16-be", "surrogatepass")
    if not isinstance(stored, str):
        raise TypeError("it is no text")
    return stored


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004
