"""Say what a realm lacks, or what was done about it: for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from kc_exchange.exceptions import printable
from kc_exchange.provision.places import INVERTED, REMARKS, label
from kc_exchange.provision.secrecy import SHOWN_INSTEAD, public

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.management.base import OutputWrapper

    from kc_exchange.provision import Change
    from kc_exchange.provision.compare import Difference

_OBVIOUS = frozenset({"realm", "clientId", "name", "alias", "username", "protocol"})
"""Members of a new part that say nothing its place has not said."""
_NAMES = ("clientId", "username", "alias", "name", "identityProvider")
_ON, _OFF = (True, "true"), (False, "false")
_WORDS = {"true": "on", "false": "off", "": "nothing", "none": "nothing"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What differs on a server, or differed before it was changed."""

    server: str
    realms: tuple[str, ...]
    changes: tuple[Change, ...]
    blocked: tuple[Change, ...]
    """Changes that a missing feature kept from being made."""
    needed: tuple[str, ...]
    missing: tuple[str, ...]
    """Features that the server must be started with, and those that it lacks."""
    applied: bool

    @property
    def verdict(self) -> str:
        """Return the sentence that sums it up."""
        parts = []
        if self.changes and not self.applied:
            first = places(self.changes[0])[0]
            more = sum(len(places(change)) for change in self.changes) - 1
            parts.append(f"Not as wanted: {first}{f', and {more} more' * (more > 0)}.")
        if self.missing:
            lacks = ", ".join(self.missing)
            parts.append(f"The server lacks the feature {lacks}.")
        if self.blocked:
            where = ", ".join(change.place for change in self.blocked)
            parts.append(f"Not done for that: {where}.")
        return " ".join(parts)


def places(change: Change) -> list[str]:
    """Return where each difference of a change is, down to the member."""
    if change.creates:
        return [change.place]
    return [f"{change.place} > {_label(change, member)}" for member in change.members]


def _label(change: Change, member: Difference) -> str:
    return label(change.kind, member.path, change.place)


def tell(stdout: OutputWrapper, report: Report) -> None:
    """Print the report as a diff: + for what is made, ~ for what is changed."""
    by_realm = sorted(report.changes, key=lambda one: report.realms.index(one.realm))
    for realm, changes in groupby(by_realm, key=lambda change: change.realm):
        stdout.write(f"Realm {realm}")
        for change in changes:
            for line in _lines(change):
                stdout.write(f"  {line}")
    stdout.write(_summary(report))
    stdout.write(on_features(report.needed, report.missing))


def as_document(report: Report, exit_code: int) -> dict[str, Any]:
    """Return the report for programs; no secret is in it."""
    return {
        "exit_code": exit_code,
        "server": report.server,
        "realms": list(report.realms),
        "applied": report.applied,
        "features": {"needed": list(report.needed), "missing": list(report.missing)},
        "changes": [_document(change) for change in report.changes],
        "blocked": [_document(change) for change in report.blocked],
    }


def _lines(change: Change) -> Iterator[str]:
    if change.creates:
        yield f"+ {change.place}"
        for member in change.members:
            if member.path[-1] not in _OBVIOUS:
                name, value = _label(change, member), _shown(member, "after")
                yield f"    {name}: {value}"
        return
    for place, member in zip(places(change), change.members, strict=True):
        remark = REMARKS.get((change.kind, ".".join(member.path)), "")
        said = f" ({remark})" if remark else ""
        yield f"~ {place}: {_difference(member)}{said}"


def _difference(member: Difference) -> str:
    before, after = member.before or [], member.after
    if isinstance(after, list) and isinstance(before, list) and not member.is_secret:
        more = ", ".join(_word(value) for value in after if value not in before)
        less = ", ".join(_word(value) for value in before if value not in after)
        return ", ".join([f"+ {more}"] * bool(more) + [f"- {less}"] * bool(less))
    return f"{_shown(member, 'before')} -> {_shown(member, 'after')}"


def _shown(member: Difference, which: str) -> str:
    value = getattr(member, which)
    if member.is_secret:
        return SHOWN_INSTEAD
    if member.path[-1] in INVERTED and value in (*_OFF, *_ON):
        return _word(value in _OFF)
    if isinstance(value, list):
        return ", ".join(map(_word, value)) or "nothing"
    return _word(value)


def _word(value: Any) -> str:
    if isinstance(value, dict):
        return printable(next((value[k] for k in _NAMES if k in value), public(value)))
    text = str(public(value))
    return _WORDS.get(text.lower(), printable(text))


def _summary(report: Report) -> str:
    made = sum(change.creates for change in report.changes)
    changed = len(report.changes) - made
    kept = len(report.blocked)
    rest = f"; {kept} not done, for want of a feature" if kept else ""
    if report.applied and (report.changes or kept):
        return f"Done: {made} created, {changed} changed{rest}."
    if not report.changes:
        count = len(report.realms)
        are = "1 realm is" if count == 1 else f"{count} realms are"
        return f"Nothing to change: {are} as KC_EXCHANGE wants."
    return f"Plan: {made} to create, {changed} to change. --apply does it."


def on_features(needed: tuple[str, ...], missing: tuple[str, ...] = ()) -> str:
    """Return the line that says which `--features` Keycloak must be started with."""
    if not needed:
        return "Keycloak needs no --features for this."
    lacks = f"; it lacks {', '.join(missing)}" if missing else ""
    return f"This needs Keycloak with --features={','.join(needed)}{lacks}."


def _document(change: Change) -> dict[str, Any]:
    return {
        "realm": change.realm,
        "kind": "create" if change.creates else "change",
        "place": change.place,
        "call": str(change.act),
        "members": [
            {
                "member": ".".join(member.path),
                "place": _label(change, member),
                "before": _value(member, member.before),
                "after": _value(member, member.after),
            }
            for member in change.members
        ],
    }


def _value(member: Difference, value: Any) -> Any:
    return SHOWN_INSTEAD if member.is_secret else public(value)
