"""Let a client exchange the tokens of an identity provider (legacy exchange).

Keycloak keeps this as an authorization permission of the client `realm-management`:
fine-grained admin permissions, version 1. Its guide says how by hand: "Using token
exchange", section "Legacy token exchange".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kc_exchange.provision.failure import ProvisionFailed
from kc_exchange.provision.names import ClientNamed
from kc_exchange.provision.server import FeatureOff
from kc_exchange.requirements import MANAGEMENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kc_exchange.provision.documents import Document
    from kc_exchange.provision.server import RealmApi

ANY_OF, ALL_OF = "AFFIRMATIVE", "UNANIMOUS"
SCOPE = "token-exchange"


def policy_name(alias: str) -> str:
    """Return the name of the policy that says which clients may."""
    return f"kc_exchange: clients for {alias}"


def permitted(realm: RealmApi, alias: str) -> frozenset[str] | None:
    """Return the clients that may exchange a provider's tokens.

    None where the server was started without fine-grained permissions, version 1. A
    policy of another kind than `client` lets in nobody whom one could name.
    """
    try:
        reference = realm.get(*_of_provider(alias))
    except FeatureOff:
        return None
    if not (reference or {}).get("enabled"):
        return frozenset()
    permission = _Permission(realm, reference["scopePermissions"][SCOPE])
    allowed = [permission.clients(policy) for policy in permission.policies]
    if permission.strategy == ANY_OF:
        return frozenset().union(*allowed)
    return frozenset.intersection(*allowed) if allowed else frozenset()


@dataclass(frozen=True, slots=True)
class Permit:
    """Let these clients exchange tokens of a provider, besides those that may."""

    alias: str
    clients: tuple[str, ...]

    def __str__(self) -> str:
        return f"PUT {'/'.join(_of_provider(self.alias))} and its policy"

    def send(self, realm: RealmApi) -> None:
        """Switch permissions on, and attach a policy that names the clients.

        Raises:
            FeatureOff: the server has no such permissions.
            ProvisionFailed: somebody else's policies would have to be loosened.
        """
        reference = realm.send("PUT", _of_provider(self.alias), {"enabled": True})
        permission = _Permission(realm, reference["scopePermissions"][SCOPE])
        others = [p for p in permission.policies if p["name"] != self._name]
        if others and permission.strategy != ANY_OF:
            raise ProvisionFailed(
                f"The permission token-exchange of provider {self.alias!r} has "
                "policies that must all agree, and a new one does not go past them.",
                f"Let one of them name {', '.join(self.clients)}, by hand: Identity "
                f"providers > {self.alias} > Permissions > token-exchange.",
            )
        permission.attach(self._policy(permission))

    @property
    def _name(self) -> str:
        return policy_name(self.alias)

    def _policy(self, permission: _Permission) -> str:
        """Return the id of the policy, made or with these clients added to it."""
        realm = permission.realm
        ids = [ClientNamed(client).found(realm) for client in self.clients]
        known = realm.get(*permission.above, "policy", name=self._name, type="client")
        mine = next((p for p in known or () if p["name"] == self._name), None)
        document = {"name": self._name, "clients": ids, "logic": "POSITIVE"}
        path = [*permission.above, "policy", "client"]
        if mine is None:
            return str(realm.send("POST", path, document)["id"])
        has = realm.get(*path, mine["id"])["clients"]
        more = [client for client in ids if client not in has]
        document |= {"id": mine["id"], "clients": [*has, *more]}
        realm.send("PUT", [*path, mine["id"]], document)
        return str(mine["id"])


class _Permission:
    """A permission of the realm's own authorization settings."""

    def __init__(self, realm: RealmApi, permission_id: str) -> None:
        self.realm = realm
        management = ClientNamed(MANAGEMENT).found(realm)
        self.above = ["clients", management, "authz", "resource-server"]
        self._id = permission_id
        self._document: Document = realm.get(*self._path)
        self.strategy: str = self._document["decisionStrategy"]
        self.policies: Sequence[Document] = self._of("associatedPolicies")

    @property
    def _path(self) -> list[str]:
        return [*self.above, "permission", "scope", self._id]

    def clients(self, policy: Document) -> frozenset[str]:
        """Return the clients that a policy names; those of another kind name none."""
        if policy["type"] != "client" or policy.get("logic") != "POSITIVE":
            return frozenset()
        known = self.realm.get(*self.above, "policy", "client", policy["id"])
        found = (self.realm.get("clients", one) for one in known["clients"])
        return frozenset(client["clientId"] for client in found if client)

    def attach(self, policy: str) -> None:
        """Let the policy decide, besides those that do already."""
        deciding = [one["id"] for one in self.policies]
        if policy in deciding:
            return
        document = {
            **self._document,
            "resources": [one["_id"] for one in self._of("resources")],
            "scopes": [one["id"] for one in self._of("scopes")],
            "policies": [*deciding, policy],
            "decisionStrategy": ANY_OF,
        }
        self.realm.send("PUT", self._path, document)

    def _of(self, what: str) -> Any:
        return self.realm.get(*self.above, "policy", self._id, what) or []


def _of_provider(alias: str) -> tuple[str, ...]:
    path = ("identity-provider", "instances", alias)
    return (*path, "management", "permissions")
