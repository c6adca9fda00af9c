"""The secret that two realms share: a broker's client has it, and a provider uses it.

It is made with the client and never shown; Keycloak gives it out to whoever may manage
that client, and hides it in the provider.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kc_exchange.provision.failure import ProvisionFailed

if TYPE_CHECKING:
    from kc_exchange.provision.server import RealmApi

_BYTES = 32


@dataclass(frozen=True, slots=True)
class Shared:
    """The secret of a client in another realm."""

    realm: str
    client_id: str

    def __str__(self) -> str:
        return "***"

    def found(self, realm: RealmApi) -> str:
        """Ask Keycloak for it; raise `ProvisionFailed` where there is none."""
        there = realm.server.realm(self.realm)
        client = there.get("clients", clientId=self.client_id)
        if not client:
            raise ProvisionFailed(
                f"Realm {self.realm!r} has no client {self.client_id!r}, by which a "
                f"provider in realm {realm.name!r} logs in.",
                f"Provision {self.realm!r} first, or both at once; if it is on another "
                "server, write the secret into a file of REALM_FILES: config, "
                "clientSecret of that provider.",
            )
        return str(there.get("clients", client[0]["id"], "client-secret")["value"])


@dataclass(slots=True)
class Fresh:
    """A secret that is made with its client: one, however often it is asked for."""

    _value: str = field(default="", repr=False, compare=False)

    def __str__(self) -> str:
        return "***"

    def found(self, realm: RealmApi) -> str:
        """Make it."""
        del realm
        return self.made()

    def made(self) -> str:
        """Return it, made at the first time."""
        self._value = self._value or secrets.token_urlsafe(_BYTES)
        return self._value
