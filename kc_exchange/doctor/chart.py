"""Write findings in the words of the catalogue, or in those of an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange.doctor.catalogue import CATALOGUE, Entry
from kc_exchange.doctor.catalogue.entry import PERHAPS, YES
from kc_exchange.doctor.findings import HOLDS, NOT_EXAMINED, Finding

if TYPE_CHECKING:
    from kc_exchange.doctor.catalogue.entry import Provision
    from kc_exchange.doctor.findings import State
    from kc_exchange.exceptions import ExchangeError

_UNNAMED = {
    "login_client": "(the client of the login)",
    "provider": "(the one of the user's realm)",
    "scopes": "(the scope)",
}

_COMPARED = (
    " `manage.py kc_exchange provision` shows whether that is it; then --apply sets it "
    "right."
)


class Chart:
    """The findings about one thing: how they are written, not which."""

    def __init__(self, about: str, **names: str) -> None:
        self.about = about
        self._names = {
            **_UNNAMED,
            **{name: text for name, text in names.items() if text},
        }

    def named(self, **names: str) -> Chart:
        """Return the chart with more names to fill in."""
        return Chart(self.about, **{**self._names, **names})

    def about_users_of(self, realm: str) -> Chart:
        """Return the chart of the same thing for the users of one realm."""
        return Chart(f"{self.about}, users of {realm}", **self._names)

    def holds(self, step: str, cause: str) -> Finding:
        """Say that something is as it should be."""
        return Finding(about=self.about, step=step, state="ok", code=HOLDS, cause=cause)

    def skipped(self, step: str, why: str, fix: str = "") -> Finding:
        """Say that something was not looked at."""
        return Finding(
            about=self.about,
            step=step,
            state="unknown",
            code=NOT_EXAMINED,
            cause=f"Not examined, because {why}.",
            fix=fix,
        )

    def finding(
        self,
        step: str,
        code: str,
        state: State | None = None,
        provision: Provision | None = None,
        **names: str,
    ) -> Finding:
        """Say what is wrong, in the catalogue's words alone.

        `provision` is for a case of which more is known than the catalogue does.
        """
        entry = CATALOGUE[code]
        if provision is not None:
            entry = entry._replace(provision=provision)
        return self._written(step, code, entry, state, names)

    def of(
        self,
        step: str,
        error: ExchangeError,
        code: str = "",
        state: State | None = None,
        provision: Provision | None = None,
        **names: str,
    ) -> Finding:
        """Say what an error says, and where that is.

        The catalogue speaks where the error has no words of its own, or where we know
        better than it what is wrong: by `code`.
        """
        word = code or error.diagnosis
        word = word if word in CATALOGUE else "unexplained"
        entry = CATALOGUE[word]
        if not (entry.cause and (code or error.cause == type(error).cause)):
            said = " ".join(filter(None, (error.error, error.description)))
            cause = f"{error.cause} Keycloak said: {said}" if said else error.cause
            entry = entry._replace(cause=cause)
        if not (entry.fix and (code or error.fix == type(error).fix)):
            entry = entry._replace(fix=error.fix)
        if provision is not None:
            entry = entry._replace(provision=provision)
        return self._written(step, word, entry, state, names)

    def _written(
        self,
        step: str,
        code: str,
        entry: Entry,
        state: State | None,
        names: dict[str, str],
    ) -> Finding:
        known = {**self._names, **names}
        mends = entry.provision(known) if callable(entry.provision) else entry.provision
        more = _COMPARED if mends is PERHAPS else ""
        return Finding(
            about=self.about,
            step=step,
            state=state or entry.state,
            code=code,
            cause=_filled(entry.cause, known),
            fix=_filled(entry.fix, known) + more,
            setting=_filled(entry.setting, known),
            console=_filled(entry.console, known),
            provision=mends is YES,
        )


def _filled(text: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text
