"""An audit event read back, with every text of it fit to be shown."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kc_exchange.impersonation.audit.rows import DERIVED, Row
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
    columns = {name: getattr(event, name) for name in DERIVED}
    payload = bytes(event.payload)
    return read_row(Row(event.seq, payload, event.previous_hash, event.hash, columns))


def read_row(row: Row) -> Record:
    """Return what a row says, as `read_record` does."""
    columns = row.columns or {}
    try:
        said = loads_object(row.payload)
    except ValueError:
        said = {**columns, "grant": columns.get("grant_id")}
        said["details"] = {"unreadable": True}
    details = said.get("details")
    return Record(
        seq=row.seq,
        event_id=plain(said.get("event_id")),
        type=plain(said.get("type")),
        outcome=plain(said.get("outcome")),
        code=plain(said.get("code")),
        occurred_at=_moment(said.get("occurred_at")),
        operator=_person(said.get("operator")) or _column(columns, "operator"),
        target=_person(said.get("target")) or _column(columns, "target") or None,
        grant=plain(said.get("grant")),
        details={
            plain(name): _detail(value)
            for name, value in (details if isinstance(details, dict) else {}).items()
        },
        hash=row.hash,
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


def _column(columns: Mapping[str, Any], who: str) -> dict[str, str]:
    found = {key: plain(columns.get(f"{who}_{key}")) for key in ("id", "name")}
    return {**found, "iss": "", "sub": ""} if any(found.values()) else {}


def _moment(said: Any) -> str:
    return said.isoformat() if isinstance(said, datetime) else plain(said)
