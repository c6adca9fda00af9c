"""An event, as it is handed in, as it is hashed, and as it is searched for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kc_exchange.impersonation.audit.canonical import Json, storable

if TYPE_CHECKING:
    from kc_exchange.impersonation.people import Person

VERSION = 1
_LONGEST = {"code": 60, "type": 40, "outcome": 10}
_NAME = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened under a grant, or was refused."""

    type: str
    """One of `AuditEvent.Type`."""
    operator: Person
    target: Person | None = None
    grant: UUID | None = None
    outcome: str = "success"
    code: str = ""
    """Why it was refused, or why the grant ended."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """Texts, integers, truth values, None, lists and dictionaries. No token."""


def payload(event: Event, *, seq: int, event_id: UUID, at: datetime) -> dict[str, Json]:
    """Return what is hashed of `event`, its number and its time with it."""
    said = storable(
        {
            "v": VERSION,
            "seq": seq,
            "event_id": str(event_id),
            "type": str(event.type),
            "outcome": str(event.outcome),
            "code": str(event.code),
            "occurred_at": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "operator": _person(event.operator),
            "target": None if event.target is None else _person(event.target),
            "grant": None if event.grant is None else str(event.grant),
            "details": dict(event.details),
        }
    )
    assert isinstance(said, dict)  # noqa: S101 - for the type checker
    return said


def columns(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a payload: for searching, never for the truth."""
    operator, target = said["operator"], said["target"] or {}
    return {
        "event_id": UUID(said["event_id"]),
        **{name: shown(said[name], most) for name, most in _LONGEST.items()},
        "occurred_at": datetime.fromisoformat(said["occurred_at"]),
        "operator_id": shown(operator["id"]),
        "operator_name": shown(operator["name"]),
        "target_id": shown(target.get("id", "")),
        "target_name": shown(target.get("name", "")),
        "grant_id": None if said["grant"] is None else UUID(said["grant"]),
    }


def shown(value: Any, most: int = _NAME) -> str:
    """Return a stored text as any database can keep it in a column."""
    if isinstance(value, Mapping):
        value = value.get("cut", "\N{REPLACEMENT CHARACTER}")
    if not isinstance(value, str):
        return "\N{REPLACEMENT CHARACTER}"
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value)
    return text[:most]


def _person(person: Person) -> dict[str, str]:
    return {
        "id": person.id,
        "name": person.name,
        "iss": person.issuer,
        "sub": person.subject,
    }
