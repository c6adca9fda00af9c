"""What a benchmark found, for people and as raw data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from platform import python_implementation, python_version
from statistics import median
from typing import Any

from tests.benchmarks.rounds import Samples, ratio

_PACKAGES = (
    "kc-exchange", "Django", "djangorestframework", "requests", "urllib3", "PyJWT",
    "cryptography", "python-keycloak", "msal", "Authlib", "google-auth",
)  # fmt: skip
_WIDTH = 50


@dataclass(frozen=True)
class Row:
    """One contender's figures, in seconds, and what else is to be said of it."""

    name: str
    samples: Samples
    remarks: tuple[str, ...] = ()

    @property
    def median(self) -> float:
        """The middle of the rounds."""
        return median(self.samples)


@dataclass(frozen=True)
class Claim:
    """One target of the project, and whether it was reached in this run."""

    target: str
    found: str
    holds: bool


@dataclass(frozen=True)
class Result:
    """One benchmark. Ratios are to the first row, round by round."""

    title: str
    method: str
    rows: list[Row]
    claims: list[Claim]
    columns: tuple[str, ...] = ()
    unit: str = "µs"
    note: str = ""

    def text(self) -> str:
        """Return the table that is printed."""
        lines = [self.title, *_wrapped(self.method), ""]
        lines += [_line(self._heading()), *map(_line, map(self._cells, self.rows))]
        lines += ["", *(_wrapped(self.note) if self.note else ())]
        for claim in self.claims:
            verdict = "holds" if claim.holds else "missed"
            lines.append(f"  {verdict:7} {claim.target}: {claim.found}")
        return "\n".join(lines)

    def data(self) -> dict[str, Any]:
        """Return all of it, samples included, for JSON."""
        return asdict(self)

    def _heading(self) -> list[str]:
        return ["", "median", "min", "ratio", *self.columns]

    def _cells(self, row: Row) -> list[str]:
        scale = {"µs": 1e6, "ms": 1e3}[self.unit]
        return [
            row.name,
            f"{row.median * scale:.2f} {self.unit}",
            f"{min(row.samples) * scale:.2f}",
            f"{ratio(row.samples, self.rows[0].samples):.2f}",
            *row.remarks,
        ]


def header() -> str:
    """Return the versions that the figures are of."""
    found = [f"{name}/{_version(name)}" for name in _PACKAGES]
    interpreter = f"{python_implementation()}/{python_version()}"
    return "\n".join(_wrapped(" ".join([interpreter, *found]), indent=0))


def microseconds(seconds: float) -> str:
    """Write a duration for a claim."""
    return f"{seconds * 1e6:.2f} µs"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def _line(cells: list[str]) -> str:
    name, middle, least, share, *remarks = cells
    figures = f"{name:{_WIDTH}}{middle:>12}{least:>9}{share:>8}"
    return "  " + "  ".join([figures, *(f"{remark:12}" for remark in remarks)]).rstrip()


def _wrapped(text: str, indent: int = 2, width: int = 86) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + len(word) >= width - indent:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return [" " * indent + line for line in lines]
