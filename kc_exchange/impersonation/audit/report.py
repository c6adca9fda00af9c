"""What a verification found, for people and for programs."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from kc_exchange.impersonation.errors import ImpersonationError

WRONG = 1
UNABLE = 2
MOST = 100
"""Findings and notes that a report lists at the most; the rest is counted."""


class CannotTell(ImpersonationError):
    """The record can neither be called sound nor tampered with."""

    cause = "The record cannot be verified."
    fix = "Check the database, the checkpoint's file and the keys in the settings."


class Reason(StrEnum):
    """What is wrong with the record; the values are stable, for programs."""

    PAYLOAD_CHANGED = "payload_changed"
    COLUMN_CHANGED = "column_changed"
    NOT_CANONICAL = "not_canonical"
    MISSING = "missing"
    TRUNCATED = "truncated"
    INSERTED = "inserted"
    SWAPPED = "swapped"
    DUPLICATED = "duplicated"
    RECOMPUTED = "recomputed"
    HEAD_CHANGED = "head_changed"
    GRANT_CHANGED = "grant_changed"
    GRANT_MISSING = "grant_missing"
    GRANT_UNRECORDED = "grant_unrecorded"
    CHECKPOINT_UNKNOWN_KEY = "checkpoint_unknown_key"
    CHECKPOINT_BAD_SIGNATURE = "checkpoint_bad_signature"
    CHECKPOINT_OTHER_ORIGIN = "checkpoint_other_origin"
    CHECKPOINT_INCONSISTENT = "checkpoint_inconsistent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, and where."""

    reason: Reason
    sentence: str
    seq: int | None = None
    """The record; None where it is about none of them, such as a checkpoint."""
    last: int | None = None
    """The last record that may be meant, where it is one out of several."""
    grant: str = ""
    """The id of the grant that is meant, if it is about one."""

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "reason": str(self.reason),
            "seq": self.seq,
            "last": self.last,
            "grant": self.grant or None,
            "sentence": self.sentence,
        }


@dataclass(slots=True)
class Report:
    """What was found in how many events; `exit_code` sums it up."""

    size: int = 0
    """Events that the head speaks of."""
    checked: int = 0
    """Events that were read whole."""
    root: bytes = b""
    """Merkle root over the hashes of all events."""
    since: int = 0
    """Of how many events, from the first on, only the hashes were read."""
    checkpoints: int = 0
    """Checkpoints that the record agrees with."""
    findings: list[Finding] = field(default_factory=list)
    """In the order of their numbers."""
    counts: Counter[str] = field(default_factory=Counter)
    """How many findings of each reason, those that are not listed included."""
    unable: list[str] = field(default_factory=list)
    """Why nothing can be said of a part of it."""
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Note what is wrong."""
        self.counts[str(finding.reason)] += 1
        if len(self.findings) < MOST or _rank(finding) < _rank(self.findings[-1]):
            insort(self.findings, finding, key=_rank)
            del self.findings[MOST:]

    @property
    def first(self) -> Finding | None:
        """The finding at the lowest number.

        A grant that disagrees comes after what is wrong with the record itself, which
        may be why; a finding about no record comes last.
        """
        return self.findings[0] if self.findings else None

    @property
    def is_sound(self) -> bool:
        """Whether all was read, and nothing is wrong."""
        return not self.counts and not self.unable

    @property
    def exit_code(self) -> int:
        """0 where the record is sound, 1 if tampered with, 2 if nobody can tell."""
        if self.counts:
            return WRONG
        return UNABLE if self.unable else 0

    @property
    def verdict(self) -> str:
        """What came out, in one sentence."""
        first = self.first
        if first is None and self.unable:
            return f"Cannot tell. {self.unable[0]}"
        if first is None and self.since:
            text = f"Sound: {self.size} events; of the first {self.since} only the "
            return text + "hashes were read, which agree with the checkpoint."
        if first is None:
            return f"Sound: {self.size} events, each link checked."
        rest = sum(self.counts.values()) - 1
        more = f" And {rest} more." if rest else ""
        return f"Tampered with. {_where(first)}{first.sentence} ({first.reason}){more}"

    def as_dict(self) -> dict[str, Any]:
        """Return all of it for JSON."""
        first = self.first
        return {
            "sound": None if self.exit_code == UNABLE else self.is_sound,
            "exit_code": self.exit_code,
            "verdict": self.verdict,
            "size": self.size,
            "checked": self.checked,
            "since": self.since,
            "checkpoints": self.checkpoints,
            "root": self.root.hex(),
            "first": first.as_dict() if first else None,
            "findings": [finding.as_dict() for finding in self.findings],
            "counts": dict(self.counts),
            "unable": self.unable,
            "warnings": self.warnings,
            "notes": self.notes,
        }


def _rank(finding: Finding) -> tuple[bool, bool, int]:
    return finding.seq is None, bool(finding.grant), finding.seq or 0


def _where(finding: Finding) -> str:
    if finding.seq is None:
        return ""
    if finding.last is not None and finding.last != finding.seq:
        return f"Records {finding.seq} to {finding.last}: "
    return f"Record {finding.seq}: "
