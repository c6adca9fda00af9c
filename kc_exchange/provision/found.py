"""Read a realm through the admin API, as the document that it would be exported to.

Only what is wanted is read: a realm may have thousands of clients and users.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from kc_exchange.provision.documents import named
from kc_exchange.provision.failure import ProvisionFailed
from kc_exchange.provision.permissions import permitted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kc_exchange.provision.documents import Document
    from kc_exchange.provision.draft import Wanted
    from kc_exchange.provision.server import RealmApi


@dataclass(frozen=True, slots=True)
class Found:
    """What a realm has of what is wanted."""

    document: Document = field(repr=False)
    """Empty where there is no such realm."""
    permitted: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    """Clients that may exchange tokens of a provider; None: the server cannot tell."""

    @property
    def exists(self) -> bool:
        """Tell whether there is such a realm."""
        return bool(self.document)


def find(realm: RealmApi, wanted: Wanted) -> Found:
    """Return what the realm has of all that is wanted; raise `ProvisionFailed`."""
    itself = realm.get()
    if itself is None:
        return Found({})
    if "accessTokenLifespan" not in itself:
        raise ProvisionFailed(
            f"This administrator may see little of realm {realm.name!r}.",
            "Take an account with the roles of realm-management (realm-admin has all); "
            "to look only, with those that begin with view-.",
        )
    return _Reading(realm, wanted).found(itself)


class _Reading:
    """One reading of a realm, which asks for each client once."""

    def __init__(self, realm: RealmApi, wanted: Wanted) -> None:
        self.realm = realm
        self.wanted = wanted
        self.asked = wanted.document
        self.client: Callable[[str], Document | None] = cache(self._client)

    def found(self, itself: Document) -> Found:
        document = {
            **itself,
            "roles": self._roles(),
            "clientScopes": self.realm.get("client-scopes") or [],
            "clients": self._all("clients", "clientId", self.client),
            "identityProviders": self._all(
                "identityProviders", "alias", self._provider
            ),
            "users": self._all("users", "username", self._user),
        }
        document["identityProviderMappers"] = self._provider_mappers()
        document["scopeMappings"] = self._mappings("", document)
        document["clientScopeMappings"] = {
            owner: self._mappings(owner, document)
            for owner in self.asked.get("clientScopeMappings", ())
        }
        aliases = [p["alias"] for p in document["identityProviders"]]
        may = {
            a: permitted(self.realm, a) for a in aliases if a in self.wanted.permitted
        }
        return Found(document, may)

    def _all(
        self, kind: str, name: str, read: Callable[[str], Document | None]
    ) -> list[Document]:
        asked = self.asked.get(kind, ())
        return [part for one in asked if (part := read(one[name])) is not None]

    def _client(self, client_id: str) -> Document | None:
        found = self.realm.get("clients", clientId=client_id)
        return found[0] if found else None

    def _provider(self, alias: str) -> Document | None:
        found: Document | None = self.realm.get(*PROVIDERS, alias)
        return found

    def _provider_mappers(self) -> list[Document]:
        asked = self.asked.get("identityProviderMappers", ())
        aliases = sorted({one["identityProviderAlias"] for one in asked})
        found = [
            self.realm.get(*PROVIDERS, alias, "mappers") or [] for alias in aliases
        ]
        return [mapper for mappers in found for mapper in mappers]

    def _user(self, username: str) -> Document | None:
        found = self.realm.get("users", username=username, exact="true")
        if not found:
            return None
        user = found[0]
        roles = self.realm.get("users", user["id"], "role-mappings") or {}
        links = self.realm.get("users", user["id"], "federated-identity") or []
        return {**user, **_role_names(roles), "federatedIdentities": links}

    def _roles(self) -> Document:
        asked = self.asked.get("roles", {})
        owners = asked.get("client", {})
        return {
            "realm": self._roles_of("", asked.get("realm", ())),
            "client": {owner: self._roles_of(owner, owners[owner]) for owner in owners},
        }

    def _roles_of(self, owner: str, asked: Iterable[Document]) -> list[Document]:
        above = self._above(owner)
        if above is None:
            return []
        read = partial(self._role, above)
        return [role for one in asked if (role := read(one)) is not None]

    def _role(self, above: list[str], asked: Document) -> Document | None:
        path = [*above, "roles", asked["name"]]
        role: Document | None = self.realm.get(*path)
        if role is None:
            return None
        inner = asked.get("composites", {})
        composites: Document = {"client": {}}
        if inner.get("realm"):
            composites["realm"] = _names(self.realm.get(*path, "composites", "realm"))
        for owner in inner.get("client", ()):
            client = self.client(owner) or {"id": "-"}
            where = (*path, "composites", "clients", client["id"])
            composites["client"][owner] = _names(self.realm.get(*where))
        return {**role, "composites": composites}

    def _above(self, owner: str) -> list[str] | None:
        """Return the path above the roles of the realm, or of a client if it exists."""
        if not owner:
            return []
        client = self.client(owner)
        return None if client is None else ["clients", client["id"]]

    def _mappings(self, owner: str, document: Document) -> list[Document]:
        """Return the roles, of the realm or of a client, that scopes are limited to."""
        asked = self.asked.get("scopeMappings", ())
        if owner:
            asked = self.asked["clientScopeMappings"][owner]
        read = partial(self._mapping, owner, document)
        return [mapping for one in asked if (mapping := read(one)) is not None]

    def _mapping(
        self, owner: str, document: Document, asked: Document
    ) -> Document | None:
        kind = "clientScope" if "clientScope" in asked else "client"
        name = asked[kind]
        holder = (
            named(document["clientScopes"], "clientScopes", name)
            if kind == "clientScope"
            else self.client(name)
        )
        if holder is None:
            return None
        above = "client-scopes" if kind == "clientScope" else "clients"
        roles = self.realm.get(above, holder["id"], "scope-mappings") or {}
        has = _role_names(roles)
        of_clients: dict[str, list[str]] = has["clientRoles"]
        names = of_clients.get(owner, []) if owner else has["realmRoles"]
        return {kind: name, "roles": names}


PROVIDERS = ("identity-provider", "instances")


def _names(roles: Iterable[Mapping[str, Any]] | None) -> list[str]:
    return [role["name"] for role in roles or ()]


def _role_names(mappings: Mapping[str, Any]) -> Document:
    """Return what a mapping of roles says, as a document says it of a user."""
    of_clients = mappings.get("clientMappings") or {}
    return {
        "realmRoles": _names(mappings.get("realmMappings")),
        "clientRoles": {
            owner: _names(m["mappings"]) for owner, m in of_clients.items()
        },
    }
