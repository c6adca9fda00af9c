"""An audit event read back, with every text of it fit to be shown."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kc_exchange.strict_json import loads_object

if TYPE_CHECKING:
    from kc_exchange.models import AuditEvent

_UTF16 = "utf-16-be"
_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode categories that act on a reader, or have no ink: all but blanks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One event as its payload says it; texts are plain strings, none is stored anew.

    `details` holds strings, numbers, truth values and None only: what is nested is
    JSON text.
    """

    seq: int
    event_id: str
    type: str
    outcome: str
    code: str
    occurred_at: str
    operator: dict[str, str]
    target: dict[str, str] | None
    grant: str
    details: dict[str, Any]
    hash: str

    def detail(self, name: str) -> str:
        """Return a detail as text; empty where there is none."""
        value = self.details.get(name)
        return value if isinstance(value, str) else ""


def read_record(event: AuditEvent) -> Record:
    """Return what `event` says; its columns where its payload cannot be read.

    Whether that is what was written is for `verify` to say.
    """
    try:
        said = loads_object(bytes(event.payload))
    except (TypeError, ValueError):
        said = {"details": {"unreadable": True}}
    details = said.get("details")
    return Record(
        seq=event.seq,
        event_id=plain(said.get("event_id", str(event.event_id))),
        type=plain(said.get("type", event.type)),
        outcome=plain(said.get("outcome", event.outcome)),
        code=plain(said.get("code", event.code)),
        occurred_at=plain(said.get("occurred_at", event.occurred_at.isoformat())),
        operator=_person(said.get("operator")) or _column(event, "operator"),
        target=_person(said.get("target")) or _column(event, "target") or None,
        grant=plain(said.get("grant", event.grant_id)),
        details={
            plain(name): _detail(value)
            for name, value in (details if isinstance(details, dict) else {}).items()
        },
        hash=str(event.hash),
    )


def plain(value: Any) -> str:
    r"""Return a stored text as one that can be encoded.

    Half a surrogate pair becomes `\udc00`, six characters. A text that was stored cut
    ends in how long it was, and its hash.
    """
    if isinstance(value, Mapping):
        if set(value) == {_UTF16}:
            value = _from_utf16(str(value[_UTF16]))
        elif {"cut", "length", "sha256"} == set(value):
            size, digest = value["length"], value["sha256"]
            value = f"{plain(value['cut'])}… [{size} in all, SHA-256 {digest}]"
        else:
            value = json.dumps(value, sort_keys=True)
    elif isinstance(value, list):
        value = json.dumps(value)
    text = "" if value is None else str(value)
    return text.encode("utf-8", "backslashreplace").decode()


def inert(text: str) -> str:
    """Return `text` with nothing that acts on a terminal or on the order of letters.

    Control and format characters, and separators of lines, become escapes.
    """
    return "".join(
        _escape(c) if unicodedata.category(c) in _HIDDEN else c for c in text
    )


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004


def _from_utf16(digits: str) -> str:
    try:
        return bytes.fromhex(digits).decode("utf-16-be", "surrogatepass")
    except ValueError:
        return digits


def _detail(value: Any) -> Any:
    return value if value is None or isinstance(value, (bool, int)) else plain(value)


def _person(said: Any) -> dict[str, str]:
    if not isinstance(said, dict):
        return {}
    return {name: plain(said.get(name)) for name in ("id", "name", "iss", "sub")}


def _column(event: AuditEvent, who: str) -> dict[str, str]:
    found = {
        "id": plain(getattr(event, f"{who}_id")),
        "name": plain(getattr(event, f"{who}_name")),
    }
    return {**found, "iss": "", "sub": ""} if any(found.values()) else {}
