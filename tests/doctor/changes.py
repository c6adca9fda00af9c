"""What is broken, said once and done by an administrator or before an import."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from tests.doctor.realms import CLINIC

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.doctor.admin import Admin

Document = dict[str, Any]


class Change(Protocol):
    """Something that is done to a realm."""

    @property
    def realm(self) -> str:
        """The realm's name."""

    def by(self, admin: Admin) -> None:
        """Do it on a running server."""

    def into(self, document: Document) -> None:
        """Do it to a realm that is about to be imported."""


@dataclass(frozen=True)
class Edit:
    """Other values for members of a client, user, scope, provider or the realm."""

    kind: str
    name: str
    values: Mapping[str, Any]
    realm: str = CLINIC

    def by(self, admin: Admin) -> None:
        """Read it, change it and write it back."""
        path, found = place(admin, self.realm, self.kind, self.name)
        merge(found, self.values)
        admin.call("PUT", path, found)

    def into(self, document: Document) -> None:
        """Change it in the document."""
        merge(part(document, self.kind, self.name), self.values)


def client(name: str, realm: str = CLINIC, **values: Any) -> Edit:
    """Change a client."""
    return Edit("clients", name, values, realm)


def attribute(name: str, key: str, value: str, realm: str = CLINIC) -> Edit:
    """Change an attribute of a client."""
    return Edit("clients", name, {"attributes": {key: value}}, realm)


def user(name: str, realm: str = CLINIC, **values: Any) -> Edit:
    """Change a user."""
    return Edit("users", name, values, realm)


def realm(name: str = CLINIC, **values: Any) -> Edit:
    """Change the realm itself."""
    return Edit("realm", name, values, name)


def scope(name: str, realm: str = CLINIC, **values: Any) -> Edit:
    """Change a client scope."""
    return Edit("clientScopes", name, values, realm)


def provider(name: str, realm: str = CLINIC, **values: Any) -> Edit:
    """Change an identity provider."""
    return Edit("identityProviders", name, values, realm)


@dataclass(frozen=True)
class Mappers:
    """Other mappers for a client or a client scope: none, or these."""

    kind: str
    name: str
    mappers: tuple[Document, ...] = ()
    realm: str = CLINIC

    def by(self, admin: Admin) -> None:
        """Delete those that are there, and add the new ones."""
        path, found = place(admin, self.realm, self.kind, self.name)
        models = f"{path}/protocol-mappers/models"
        for mapper in found.get("protocolMappers", ()):
            admin.call("DELETE", f"{models}/{mapper['id']}")
        for mapper in self.mappers:
            admin.call("POST", models, mapper)

    def into(self, document: Document) -> None:
        """Write them in the place of those that are there."""
        found = part(document, self.kind, self.name)
        found["protocolMappers"] = list(self.mappers)


@dataclass(frozen=True)
class Scopes:
    """A client's scopes of one type: some more, or some fewer."""

    client: str
    type: str
    """`default` or `optional`."""
    more: tuple[str, ...] = ()
    fewer: tuple[str, ...] = ()
    realm: str = CLINIC

    def by(self, admin: Admin) -> None:
        """Assign and take away."""
        address, _ = place(admin, self.realm, "clients", self.client)
        for method, names in (("DELETE", self.fewer), ("PUT", self.more)):
            for name in names:
                number = admin.scope(self.realm, name)["id"]
                path = f"{address}/{self.type}-client-scopes/{number}"
                admin.call(method, path)

    def into(self, document: Document) -> None:
        """Change the list."""
        found = part(document, "clients", self.client)
        key = f"{self.type}ClientScopes"
        kept = [name for name in found[key] if name not in self.fewer]
        found[key] = [*kept, *self.more]


@dataclass(frozen=True)
class ForRole:
    """A client scope that only holders of a realm role are given."""

    scope: str
    role: str
    realm: str = CLINIC

    def by(self, admin: Admin) -> None:
        """Put the role into the scope's own scope."""
        role = admin.call("GET", f"/{self.realm}/roles/{self.role}")
        number = admin.scope(self.realm, self.scope)["id"]
        path = f"/{self.realm}/client-scopes/{number}/scope-mappings/realm"
        admin.call("POST", path, [role])

    def into(self, document: Document) -> None:
        """Write the mapping."""
        mapping = {"clientScope": self.scope, "roles": [self.role]}
        document.setdefault("scopeMappings", []).append(mapping)


@dataclass(frozen=True)
class Policy:
    """A client policy for token exchange, with one executor."""

    executor: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    realm: str = CLINIC

    def by(self, admin: Admin) -> None:
        """Write profile and policy."""
        executor = {"executor": self.executor, "configuration": dict(self.settings)}
        profile = {"name": "strict", "executors": [executor]}
        grants = ["urn:ietf:params:oauth:grant-type:token-exchange"]
        condition = {
            "condition": "grant-type",
            "configuration": {"grant_types": grants},
        }
        policy = {
            "name": "strict",
            "enabled": True,
            "profiles": ["strict"],
            "conditions": [condition],
        }
        path = f"/{self.realm}/client-policies"
        admin.call("PUT", f"{path}/profiles", {"profiles": [profile]})
        admin.call("PUT", f"{path}/policies", {"policies": [policy]})

    def into(self, document: Document) -> None:
        """Raise: the embedded server knows no client policies."""
        raise NotImplementedError(document["realm"])


def merge(into: Document, values: Mapping[str, Any]) -> None:
    """Change members; those that are objects themselves, member by member."""
    for name, value in values.items():
        if isinstance(value, dict):
            merge(into.setdefault(name, {}), value)
        else:
            into[name] = value


def place(admin: Admin, realm: str, kind: str, name: str) -> tuple[str, dict[str, Any]]:
    match kind:
        case "clients":
            found = admin.client(realm, name)
            return f"/{realm}/clients/{found['id']}", found
        case "clientScopes":
            found = admin.scope(realm, name)
            return f"/{realm}/client-scopes/{found['id']}", found
        case "users":
            found = admin.user(realm, name)
            return f"/{realm}/users/{found['id']}", found
        case "identityProviders":
            path = f"/{realm}/identity-provider/instances/{name}"
            return path, admin.call("GET", path)
        case _:
            return f"/{realm}", admin.call("GET", f"/{realm}")


def part(document: Document, kind: str, name: str) -> Document:
    """Return a part of a realm that is about to be imported."""
    if kind == "realm":
        return document
    keys = ("clientId", "username", "alias", "name")
    return next(one for one in document[kind] if name in [one.get(key) for key in keys])
