"""A realm that is administered: its parts by their ids."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from kc_exchange.provision import built_in
from tests.provision.stub.routes import Json, Refused, new_id, route


class State:
    """A realm, as a new one is."""

    def __init__(self, document: Json, features: set[str]) -> None:
        self.features = features
        self.itself: Json = {"enabledEventTypes": [], **document}
        self.clients: dict[str, Json] = {}
        self.scopes = {new_id(): dict(scope) for scope in built_in.client_scopes()}
        self.roles: dict[tuple[str, str], Json] = {}
        self.composites: defaultdict[str, list[Json]] = defaultdict(list)
        self.mappings: defaultdict[str, list[Json]] = defaultdict(list)
        """Roles of a user, or that a scope is limited to, by its id."""
        self.providers: dict[str, Json] = {}
        self.provider_mappers: defaultdict[str, list[Json]] = defaultdict(list)
        self.users: dict[str, Json] = {}
        self.permissions: dict[str, Json] = {}
        self.policies: dict[str, Json] = {}
        management = self._add_client({"clientId": "realm-management"})
        for name in ("impersonation", "realm-admin"):
            self._add_role(management, {"name": name})
        default = f"default-roles-{document['realm'].lower()}"
        for name in (default, "offline_access"):
            self._add_role("", {"name": name})

    @route("GET", "")
    def _get(self, **_: Any) -> Json:
        return self.itself

    @route("PUT", "")
    def _put(self, body: Json, **_: Any) -> None:
        self.itself |= body

    def _holders(self, kind: str) -> dict[str, Json]:
        return self.scopes if kind == "client-scopes" else self.clients

    def _add_client(self, body: Json) -> str:
        self._refuse_twice(body["clientId"], self.clients.values(), "clientId")
        key = str(body.get("id") or new_id())
        default = [s for s in built_in.default_scopes() if "saml" not in s]
        mappers = [{"id": new_id(), **m} for m in body.get("protocolMappers", ())]
        self.clients[key] = {
            "secret": f"made-for-{key}",
            **body,
            "id": key,
            "protocolMappers": mappers,
            "defaultClientScopes": default,
            "optionalClientScopes": built_in.optional_scopes(),
        }
        if body.get("serviceAccountsEnabled"):
            account = {
                "id": new_id(),
                "username": f"service-account-{body['clientId']}",
            }
            self.users[account["id"]] = account
        return key

    def _add_role(self, owner: str, body: Json) -> None:
        self.roles[owner, body["name"]] = {"id": new_id(), "owner": owner, **body}

    def _role_of(self, role_id: str) -> Json:
        return next(role for role in self.roles.values() if role["id"] == role_id)

    def _id_of(self, client_id: str) -> str:
        return next(k for k, c in self.clients.items() if c["clientId"] == client_id)

    def _refuse_twice(self, name: str, known: Any, member: str) -> None:
        if any(one[member] == name for one in known):
            raise Refused(f"{name} already exists")
