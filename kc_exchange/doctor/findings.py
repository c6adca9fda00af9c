"""What `doctor` found: one finding for each thing that it looked at."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

State = Literal["ok", "warning", "wrong", "unknown"]
STATES: tuple[State, ...] = ("wrong", "warning", "unknown", "ok")
HOLDS, NOT_EXAMINED = "holds", "not_examined"
"""The codes of what is ok, and of what could not be looked at."""
SOUND, WRONG, UNABLE = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What holds, or does not, at one step of a token's way."""

    about: str
    """What was looked at: "project", "realm default", "downstream orders-api"."""
    step: str
    state: State
    code: str
    """A stable word: one of `catalogue.CATALOGUE`, "holds" or "not_examined"."""
    cause: str
    fix: str = ""
    setting: str = ""
    """The setting of this project that has to do with it."""
    console: str = ""
    """Where it is in Keycloak's admin console."""
    provision: bool = False
    """Whether `manage.py kc_exchange provision --apply` would set it right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All findings of one examination, in the order in which a token goes."""

    findings: tuple[Finding, ...]
    is_usable: bool = True
    """Whether the settings could be read at all."""

    @property
    def blocks(self) -> dict[str, list[Finding]]:
        """The findings by what they are about, in the order of first mention."""
        found: dict[str, list[Finding]] = {}
        for finding in self.findings:
            found.setdefault(finding.about, []).append(finding)
        return found

    def of(self, state: State) -> Iterator[Finding]:
        """Yield the findings of a state."""
        return (finding for finding in self.findings if finding.state == state)

    @property
    def counts(self) -> dict[str, int]:
        """How many findings there are of each state."""
        return {state: len(list(self.of(state))) for state in STATES}

    @property
    def exit_code(self) -> int:
        """0: all that was looked at holds; 1: something is wrong; 2: cannot tell."""
        if not self.is_usable:
            return UNABLE
        return WRONG if any(self.of("wrong")) else SOUND

    def as_dict(self) -> dict[str, Any]:
        """Return the report for `--json`."""
        return {
            "exit_code": self.exit_code,
            "counts": self.counts,
            "findings": [asdict(finding) for finding in self.findings],
        }
