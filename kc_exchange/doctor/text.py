"""A report as text: a block for each thing, and only what is wrong is long."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.doctor.findings import Finding, Report

_WIDTH = 88
_LABELS = {"ok": "ok", "warning": "warning", "wrong": "WRONG", "unknown": "unknown"}
_COLUMN = 9
_PROVISION = "`manage.py kc_exchange provision --apply` sets it right."
_WORDS = {
    "wrong": "wrong",
    "warning": "to look at",
    "unknown": "not examined",
    "ok": "as it should be",
}


def lines(report: Report) -> Iterator[str]:
    """Yield the lines of a report for a terminal."""
    for about, findings in report.blocks.items():
        yield about
        for finding in findings:
            yield from _lines_of(finding)
        yield ""
    yield summary(report)


def summary(report: Report) -> str:
    """Return how many findings there are of each state, in a sentence."""
    told = [f"{n} {_WORDS[state]}" for state, n in report.counts.items() if n]
    return f"{', '.join(told)}."


def _lines_of(finding: Finding) -> Iterator[str]:
    label = _LABELS[finding.state]
    yield from _wrapped(f"  {label:<{_COLUMN}}{finding.step}: ", finding.cause)
    if finding.state in {"ok", "unknown"} and not finding.setting:
        if finding.fix:
            yield from _wrapped("           ", finding.fix)
        return
    for name, text in (
        ("fix", finding.fix),
        ("setting", finding.setting),
        ("console", finding.console),
        ("", _PROVISION if finding.provision else ""),
    ):
        if text:
            label = f"{name}:" if name else ""
            yield from _wrapped(f"{'':<11}{label:<9}", text, indent=20)
    yield f"           [{finding.code}]"


def _wrapped(head: str, text: str, indent: int = 11) -> list[str]:
    return textwrap.wrap(
        head + " ".join(text.split()),
        _WIDTH,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
