"""The secrets of an export: as they are, or as names of environment variables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from kc_exchange.provision.documents import name_of, named
from kc_exchange.provision.secrecy import is_flag, is_secret
from kc_exchange.provision.shared import Fresh, Shared

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kc_exchange.provision.documents import Document
    from kc_exchange.provision.draft import Wanted

_OF_CREDENTIALS = ("value", "secretData")


class Secrets:
    """Put each secret of an export in its place, or a placeholder for it."""

    def __init__(self, wanted: Iterable[Wanted], *, shown: bool) -> None:
        self._wholes = {one.name: one.whole for one in wanted}
        self._shown = shown
        self._made: dict[Shared, str] = {}
        self.placeholders: set[str] = set()
        """The environment variables that Keycloak must be started with."""

    def placed(self, document: Document) -> Document:
        """Return the document of a realm with its secrets in place."""
        whole: Document = self._placed(document, (document["realm"],), "")
        return whole

    def _placed(self, value: Any, trail: tuple[str, ...], kind: str) -> Any:
        """Return part of a document; `trail` names the parts around it."""
        match value:
            case dict():
                return {m: self._member(v, trail, m, kind) for m, v in value.items()}
            case list():
                return [self._placed(v, (*trail, *_name(v, kind)), kind) for v in value]
            case Shared():
                return self._of(value)
            case Fresh():
                return self._of(Shared(trail[0], trail[-1]))
            case _:
                return value

    def _member(
        self, value: Any, trail: tuple[str, ...], member: str, kind: str
    ) -> Any:
        is_one = (is_secret(member) and not is_flag(value)) or (
            kind == "credentials" and member in _OF_CREDENTIALS
        )
        if not isinstance(value, str):
            return self._placed(value, trail, member)
        if not is_one or self._shown:
            return value
        return self._placeholder(*trail, *(() if member == "value" else (member,)))

    def _of(self, shared: Shared) -> str:
        """Return what both realms are given: a realm file's, or one that is made."""
        if not self._shown:
            return self._placeholder(shared.realm, shared.client_id, "secret")
        clients = self._wholes.get(shared.realm, {}).get("clients", ())
        client = named(clients, "clients", shared.client_id) or {}
        if isinstance(client.get("secret"), str):
            return str(client["secret"])
        return self._made.setdefault(shared, Fresh().made())

    def _placeholder(self, *names: str) -> str:
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", "_".join(names)).upper()
        variable = re.sub(r"[^A-Z0-9]+", "_", words).strip("_")
        self.placeholders.add(variable)
        return f"${{{variable}}}"


def _name(part: Any, kind: str) -> tuple[str, ...]:
    return tuple(filter(None, name_of(part, kind))) if isinstance(part, dict) else ()
