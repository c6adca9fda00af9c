"""One thing that a plan creates or changes, where it is, and the call that does it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Literal, Protocol

from kc_exchange.provision.names import filled

if TYPE_CHECKING:
    from kc_exchange.provision.compare import Difference
    from kc_exchange.provision.names import Named
    from kc_exchange.provision.server import RealmApi


class Phase(IntEnum):
    """What is done first in all realms, before anything else in one of them."""

    REALM = 0
    ROLES = 1
    SCOPES = 2
    SHARED_SECRETS = 3
    """Of providers, before their clients get them: those can be compared, and so a run
    that ends between the two is mended by the next."""
    CLIENTS = 4
    CLIENT_ROLES = 5
    LINKS = 6
    PROVIDERS = 7
    PERMISSIONS = 8
    USERS = 9


class Act(Protocol):
    """What is sent to Keycloak."""

    def __str__(self) -> str:
        """Say it in one line, without a body."""
        ...

    def send(self, realm: RealmApi) -> None:
        """Do it; raise `ProvisionFailed`."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the admin API, in a realm."""

    method: Literal["POST", "PUT", "DELETE"]
    path: tuple[str | Named, ...]
    body: Any = field(default=None, repr=False)
    realm: str = ""
    """Its name, where the call changes the realm itself."""

    def __str__(self) -> str:
        path = "/".join(map(str, self.path)) or f"realms/{self.realm}"
        return f"{self.method} {path}"

    def send(self, realm: RealmApi) -> None:
        """Send it, with the ids that its names have by now."""
        path = [str(filled(part, realm)) for part in self.path]
        realm.send(self.method, path, filled(self.body, realm))


@dataclass(frozen=True, slots=True)
class Calls:
    """Several calls, one after the other."""

    calls: tuple[Act, ...]

    def __str__(self) -> str:
        return ", ".join(map(str, self.calls))

    def send(self, realm: RealmApi) -> None:
        """Send each."""
        for call in self.calls:
            call.send(realm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One part of a realm that is not as wanted."""

    realm: str
    phase: Phase
    kind: str
    """What sort of part it is: `places` knows what its members are called."""
    place: str
    """Where a person finds it in the admin console."""
    members: tuple[Difference, ...]
    act: Act
    creates: bool = False
