"""The secrets of an export: as they are, or as names of environment variables."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kc_exchange.provision.documents import name_of, named
from kc_exchange.provision.failure import ProvisionFailed
from kc_exchange.provision.secrecy import (
    has_credentials,
    is_flag,
    is_secret,
)
from kc_exchange.provision.shared import Fresh, Shared

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kc_exchange.provision.documents import Document
    from kc_exchange.provision.draft import Wanted

_CREDENTIALS = "credentials"
_OF_CREDENTIALS = frozenset({"value", "secretData", "hashedSaltedValue", "salt"})
_SAY_NOTHING = frozenset({"attributes", "config", "value"})
"""Members that a variable is not called by: what they hold has a name of its own."""
_IN_VAULT = re.compile(r"\$\{vault\.[^${},:]+\}")
"""What names a secret of Keycloak's vault, and is none itself."""
_TELLS_APART = 8
"""Hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where something stands in the documents; that alone tells two places apart."""

    path: tuple[str, ...]
    words: tuple[str, ...] = field(compare=False)
    """What a variable for it is called."""
    kind: str = field(default="", compare=False)
    """The last member on the way there."""

    def member(self, name: str, value: Any) -> _Place:
        """Return the place of a member; that of a list of parts is named by them."""
        has_parts = isinstance(value, list) and any(isinstance(v, dict) for v in value)
        more = () if has_parts or name in _SAY_NOTHING else (name,)
        return _Place((*self.path, name), (*self.words, *more), name)

    def item(self, index: int, value: Any) -> _Place:
        """Return the place of a part by its name, of anything else by its number."""
        name = name_of(value, self.kind) if isinstance(value, dict) else ()
        said = tuple(filter(None, name)) or (str(index + 1),)
        more = said if any(name) or index else ()
        return _Place((*self.path, *said), (*self.words, *more), self.kind)

    @property
    def variable(self) -> str:
        """Return the name of a variable, which another place may have, too."""
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", "_".join(self.words)).upper()
        return re.sub(r"[^A-Z0-9]+", "_", words).strip("_")

    @property
    def only_variable(self) -> str:
        """Return a name that no other place has."""
        digest = hashlib.sha256("\0".join(self.path).encode()).hexdigest()
        return f"{self.variable}_{digest[:_TELLS_APART].upper()}"


class Secrets:
    """Put each secret of an export in its place, or a placeholder for it."""

    def __init__(self, wanted: Iterable[Wanted], *, shown: bool) -> None:
        self._wholes = {one.name: one.whole for one in wanted}
        self._shown = shown
        self._made: dict[Shared, str] = {}
        self._places: set[_Place] = set()

    def placed(
        self, documents: Mapping[str, Document]
    ) -> tuple[dict[str, Document], list[str]]:
        """Return the documents of realms with their secrets in place.

        Beside them, the environment variables that Keycloak must be started with.

        Raises:
            ProvisionFailed: Keycloak would import another secret than the one wanted.
        """
        found = {
            name: self._placed(document, _Place((name,), (name,)), is_one=False)
            for name, document in documents.items()
        }
        variables = _variables(self._places)
        return _filled(found, variables), sorted(variables.values())

    def _placed(self, value: Any, at: _Place, *, is_one: bool) -> Any:
        match value:
            case dict():
                return {
                    m: self._member(v, at, m, is_one=is_one) for m, v in value.items()
                }
            case list():
                items = enumerate(value)
                return [self._placed(v, at.item(i, v), is_one=is_one) for i, v in items]
            case Shared():
                return self._of(value)
            case Fresh():
                return self._of(Shared(at.path[0], at.path[-2]))
            case _ if has_credentials(value) or (is_one and not is_flag(value)):
                return self._secret(value, at)
            case _:
                return value

    def _member(self, value: Any, at: _Place, name: str, *, is_one: bool) -> Any:
        if _CREDENTIALS in (name, at.kind):
            is_one = name in _OF_CREDENTIALS
        else:
            is_one = is_one or is_secret(name, at.kind)
        return self._placed(value, at.member(name, value), is_one=is_one)

    def _secret(self, value: Any, at: _Place) -> Any:
        if _IN_VAULT.fullmatch(str(value)):
            return value
        if "${" in str(value):
            raise ProvisionFailed(
                f"The secret {' > '.join(at.path[1:])} of realm {at.path[0]!r} has "
                "${ in it: Keycloak replaces what follows when it imports a file, and "
                "knows no way to write it otherwise.",
                "Choose another secret, or set this one by --apply.",
            )
        if self._shown:
            return value
        self._places.add(at)
        return at

    def _of(self, shared: Shared) -> Any:
        """Return what both realms are given: a realm file's, or one that is made."""
        client = (shared.realm, "clients", shared.client_id, "secret")
        at = _Place(client, (shared.realm, shared.client_id, "secret"))
        known = named(
            self._wholes.get(shared.realm, {}).get("clients", ()),
            "clients",
            shared.client_id,
        )
        secret = (known or {}).get("secret")
        if not isinstance(secret, str):
            secret = self._made.setdefault(shared, Fresh().made())
        return self._secret(secret, at)


def _variables(places: Iterable[_Place]) -> dict[_Place, str]:
    """Name a variable for each place; all that share a name get longer ones."""
    alike = defaultdict(list)
    for place in places:
        alike[place.variable].append(place)
    return {
        place: name if len(known) == 1 else place.only_variable
        for name, known in alike.items()
        for place in known
    }


def _filled(value: Any, variables: Mapping[_Place, str]) -> Any:
    match value:
        case dict():
            return {member: _filled(v, variables) for member, v in value.items()}
        case list():
            return [_filled(inner, variables) for inner in value]
        case _Place():
            return f"${{{variables[value]}}}"
        case _:
            return value
