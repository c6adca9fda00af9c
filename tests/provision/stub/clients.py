"""Clients and client scopes, and which client has which scope."""

from __future__ import annotations

from typing import Any

from tests.provision.stub.routes import Json, new_id, route
from tests.provision.stub.state import State


class Clients(State):
    """The part of the API about clients."""

    @route("GET", "clients")
    def _get_clients(self, query: Json, **_: Any) -> list[Json]:
        name = query["clientId"]
        return [c for c in self.clients.values() if c["clientId"] == name]

    @route("POST", "clients")
    def _post_client(self, body: Json, **_: Any) -> None:
        self._add_client(body)

    @route("GET", "clients/*")
    def _get_client(self, client: str, **_: Any) -> Json | None:
        return self.clients.get(client)

    @route("PUT", "clients/*")
    def _put_client(self, client: str, body: Json, **_: Any) -> None:
        self.clients[client] |= body

    @route("GET", "clients/*/client-secret")
    def _get_secret(self, client: str, **_: Any) -> Json:
        return {"value": self.clients[client]["secret"]}

    @route("PUT", "clients/*/(default|optional)-client-scopes/*")
    def _assign(self, client: str, kind: str, scope: str, **_: Any) -> None:
        own, name = self.clients[client], self.scopes[scope]["name"]
        if name not in own["defaultClientScopes"] + own["optionalClientScopes"]:
            own[f"{kind}ClientScopes"].append(name)

    @route("DELETE", "clients/*/(default|optional)-client-scopes/*")
    def _withdraw(self, client: str, kind: str, scope: str, **_: Any) -> None:
        name = self.scopes[scope]["name"]
        self.clients[client][f"{kind}ClientScopes"].remove(name)

    @route("GET", "client-scopes")
    def _get_scopes(self, **_: Any) -> list[Json]:
        return [{"id": key, **scope} for key, scope in self.scopes.items()]

    @route("POST", "client-scopes")
    def _post_scope(self, body: Json, **_: Any) -> None:
        self._refuse_twice(body["name"], self.scopes.values(), "name")
        mappers = [{"id": new_id(), **m} for m in body.get("protocolMappers", ())]
        self.scopes[new_id()] = body | {"protocolMappers": mappers}

    @route("PUT", "client-scopes/*")
    def _put_scope(self, scope: str, body: Json, **_: Any) -> None:
        self.scopes[scope] |= body

    @route("POST", "(client-scopes|clients)/*/protocol-mappers/models")
    def _post_mapper(self, kind: str, holder: str, body: Json, **_: Any) -> None:
        known = self._holders(kind)[holder].setdefault("protocolMappers", [])
        self._refuse_twice(body["name"], known, "name")
        known.append({"id": new_id(), **body})

    @route("PUT", "(client-scopes|clients)/*/protocol-mappers/models/*")
    def _put_mapper(
        self, kind: str, holder: str, mapper: str, body: Json, **_: Any
    ) -> None:
        known = self._holders(kind)[holder]["protocolMappers"]
        next(one for one in known if one["id"] == mapper).update(body)

    @route("DELETE", "(client-scopes|clients)/*/protocol-mappers/models/*")
    def _drop_mapper(self, kind: str, holder: str, mapper: str, **_: Any) -> None:
        known = self._holders(kind)[holder]["protocolMappers"]
        known[:] = [one for one in known if one["id"] != mapper]

    @route("DELETE", "clients/*")
    def _drop_client(self, client: str, **_: Any) -> None:
        del self.clients[client]

    @route("DELETE", "client-scopes/*")
    def _drop_scope(self, scope: str, **_: Any) -> None:
        name = self.scopes.pop(scope)["name"]
        for client in self.clients.values():
            for kind in ("defaultClientScopes", "optionalClientScopes"):
                client[kind] = [one for one in client[kind] if one != name]
