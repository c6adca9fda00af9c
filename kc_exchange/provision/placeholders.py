"""The secrets of an export: as they are, or as names of environment variables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from kc_exchange.provision.documents import named
from kc_exchange.provision.shared import Fresh, Shared

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kc_exchange.provision.documents import Document
    from kc_exchange.provision.draft import Wanted


class Secrets:
    """Put each secret of an export in its place, or a placeholder for it."""

    def __init__(self, wanted: Iterable[Wanted], *, shown: bool) -> None:
        self._wholes = {one.name: one.whole for one in wanted}
        self._shown = shown
        self._made: dict[Shared, str] = {}
        self.placeholders: set[str] = set()
        """The environment variables that Keycloak must be started with."""

    def of_client(self, realm: str, client: Document) -> Document:
        """Return a client with its secret."""
        if "secret" not in client:
            return client
        shared = Shared(realm, client["clientId"])
        return client | {"secret": self._of(shared, client["secret"])}

    def of_provider(self, realm: str, provider: Document) -> Document:
        """Return an identity provider with its client's secret."""
        config: dict[str, Any] = provider.get("config", {})
        secret = config.get("clientSecret")
        if secret is None:
            return provider
        shared = (
            secret if isinstance(secret, Shared) else Shared(realm, provider["alias"])
        )
        return provider | {
            "config": config | {"clientSecret": self._of(shared, secret)}
        }

    def of_user(self, realm: str, user: Document) -> Document:
        """Return a user with a password, where a realm file has one."""
        if "credentials" not in user or self._shown:
            return user
        hidden = self._placeholder(realm, user["username"], "PASSWORD")
        known = [
            one | ({"value": hidden} if "value" in one else {})
            for one in user["credentials"]
        ]
        return user | {"credentials": known}

    def _of(self, shared: Shared, secret: Any) -> str:
        if not self._shown:
            return self._placeholder(shared.realm, shared.client_id, "SECRET")
        if isinstance(secret, str):
            return secret
        return self._of_both(shared)

    def _of_both(self, shared: Shared) -> str:
        """Return what both realms are given: a realm file's, or one that is made."""
        clients = self._wholes.get(shared.realm, {}).get("clients", ())
        client = named(clients, "clients", shared.client_id) or {}
        if isinstance(client.get("secret"), str):
            return str(client["secret"])
        return self._made.setdefault(shared, Fresh().made())

    def _placeholder(self, realm: str, name: str, what: str) -> str:
        words = re.sub(r"[^A-Z0-9]+", "_", f"{realm}_{name}_{what}".upper())
        variable = words.strip("_")
        self.placeholders.add(variable)
        return f"${{{variable}}}"
