"""Things of a realm by their names: what they are called in a call is asked for late.

A plan is made before half of it exists, so its calls name a client, and the client's
own id is looked up when the call is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from kc_exchange.provision.documents import name_of
from kc_exchange.provision.failure import ProvisionFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kc_exchange.provision.documents import Document


class Reader(Protocol):
    """A realm that can be read."""

    name: str

    def get(self, *path: str, **query: str) -> Any:
        """Return what is there, None if nothing is."""
        ...


@runtime_checkable
class Named(Protocol):
    """Something with a name, whose id or representation Keycloak knows."""

    def found(self, realm: Reader) -> Any:
        """Return what a call needs of it; raise `ProvisionFailed` if it is gone."""
        ...


@dataclass(frozen=True, slots=True)
class ClientNamed:
    """The id of a client."""

    client_id: str

    def __str__(self) -> str:
        return self.client_id

    def found(self, realm: Reader) -> str:
        """Look it up by its client id."""
        return _id(realm, realm.get("clients", clientId=self.client_id), self)


@dataclass(frozen=True, slots=True)
class ScopeNamed:
    """The id of a client scope."""

    name: str

    def __str__(self) -> str:
        return self.name

    def found(self, realm: Reader) -> str:
        """Look it up among all: there is no query by name."""
        scopes = realm.get("client-scopes") or []
        return _id(realm, [s for s in scopes if name_of(s)[-1] == self.name], self)


@dataclass(frozen=True, slots=True)
class UserNamed:
    """The id of a user."""

    username: str

    def __str__(self) -> str:
        return self.username

    def found(self, realm: Reader) -> str:
        """Look it up by the username."""
        found = realm.get("users", username=self.username, exact="true")
        return _id(realm, found, self)


@dataclass(frozen=True, slots=True)
class RoleNamed:
    """The representation of a role, of the realm or of a client in it."""

    name: str
    client_id: str = ""

    def __str__(self) -> str:
        return f"{self.client_id}/{self.name}" if self.client_id else self.name

    def found(self, realm: Reader) -> Document:
        """Look it up by its name, and its client's."""
        above: tuple[str, ...] = ()
        if self.client_id:
            above = ("clients", ClientNamed(self.client_id).found(realm))
        role = realm.get(*above, "roles", self.name)
        if role is None:
            raise _gone(realm, self)
        return {"id": role["id"], "name": role["name"]}


def filled(value: Any, realm: Reader) -> Any:
    """Return `value` with what Keycloak knows in the place of names."""
    if isinstance(value, Named):
        return value.found(realm)
    if isinstance(value, dict):
        return {key: filled(inner, realm) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [filled(inner, realm) for inner in value]
    return value


def _id(realm: Reader, found: Sequence[Document] | None, named: object) -> str:
    if not found:
        raise _gone(realm, named)
    return str(found[0]["id"])


def _gone(realm: Reader, named: object) -> ProvisionFailed:
    return ProvisionFailed(
        f"Realm {realm.name!r} has no {str(named)!r} any more, or never had.",
        "What a realm file names must be in a file of that realm, or in the realm.",
    )
