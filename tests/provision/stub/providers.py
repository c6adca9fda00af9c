"""Identity providers, and who may exchange their tokens."""

from __future__ import annotations

from typing import Any

from tests.provision.stub.routes import Json, NoFeature, new_id, route
from tests.provision.stub.state import State


class Providers(State):
    """The part of the API about providers."""

    @route("GET", "identity-provider/instances/*")
    def _get_provider(self, alias: str, **_: Any) -> Json | None:
        provider = self.providers.get(alias)
        if provider is None or "clientSecret" not in provider["config"]:
            return provider
        return provider | {"config": provider["config"] | {"clientSecret": "*" * 10}}

    @route("POST", "identity-provider/instances")
    def _post_provider(self, body: Json, **_: Any) -> None:
        self.providers[body["alias"]] = {"config": {}, **body}

    @route("PUT", "identity-provider/instances/*")
    def _put_provider(self, alias: str, body: Json, **_: Any) -> None:
        before = self.providers[alias]["config"].get("clientSecret")
        if body["config"].get("clientSecret") == "*" * 10:
            body["config"]["clientSecret"] = before
        self.providers[alias] = body

    @route("GET", "identity-provider/instances/*/mappers")
    def _get_provider_mappers(self, alias: str, **_: Any) -> list[Json]:
        return self.provider_mappers[alias]

    @route("POST", "identity-provider/instances/*/mappers")
    def _post_provider_mapper(self, alias: str, body: Json, **_: Any) -> None:
        self.provider_mappers[alias].append({"id": new_id(), **body})

    @route("PUT", "identity-provider/instances/*/mappers/*")
    def _put_provider_mapper(
        self, alias: str, mapper: str, body: Json, **_: Any
    ) -> None:
        known = self.provider_mappers[alias]
        next(one for one in known if one["id"] == mapper).update(body)

    @route("GET", "identity-provider/instances/*/management/permissions")
    def _get_permissions(self, alias: str, **_: Any) -> Json:
        self._need_permissions()
        if alias not in self.permissions:
            return {"enabled": False}
        found = self.permissions[alias]["id"]
        return {"enabled": True, "scopePermissions": {"token-exchange": found}}

    @route("PUT", "identity-provider/instances/*/management/permissions")
    def _permit(self, alias: str, body: Json, **_: Any) -> Json:
        self._need_permissions()
        if not body["enabled"]:
            del self.permissions[alias]
            return {"enabled": False}
        empty = {"id": new_id(), "decisionStrategy": "UNANIMOUS", "policies": []}
        self.permissions.setdefault(alias, empty)
        found = self.permissions[alias]["id"]
        return {"enabled": True, "scopePermissions": {"token-exchange": found}}

    @route("GET", "clients/*/authz/resource-server/permission/scope/*")
    def _get_permission(self, _client: str, permission: str, **_: Any) -> Json:
        return self._permission(permission)

    @route("PUT", "clients/*/authz/resource-server/permission/scope/*")
    def _put_permission(
        self, _client: str, permission: str, body: Json, **_: Any
    ) -> None:
        self._permission(permission).update(body)

    @route("GET", "clients/*/authz/resource-server/policy/*/associatedPolicies")
    def _get_attached(self, _client: str, permission: str, **_: Any) -> list[Json]:
        return [self.policies[one] for one in self._permission(permission)["policies"]]

    @route("GET", "clients/*/authz/resource-server/policy/*/(resources|scopes)")
    def _get_protected(
        self, _client: str, permission: str, kind: str, **_: Any
    ) -> list[Json]:
        return [{"_id" if kind == "resources" else "id": f"{kind} of {permission}"}]

    @route("GET", "clients/*/authz/resource-server/policy")
    def _get_policies(self, _client: str, query: Json, **_: Any) -> list[Json]:
        return [p for p in self.policies.values() if query["name"] in p["name"]]

    @route("GET", "clients/*/authz/resource-server/policy/client/*")
    def _get_policy(self, _client: str, policy: str, **_: Any) -> Json:
        return self.policies[policy]

    @route("POST", "clients/*/authz/resource-server/policy/client")
    def _post_policy(self, _client: str, body: Json, **_: Any) -> Json:
        made = {"id": new_id(), "type": "client", **body}
        self.policies[made["id"]] = made
        return made

    @route("PUT", "clients/*/authz/resource-server/policy/client/*")
    def _put_policy(self, _client: str, policy: str, body: Json, **_: Any) -> None:
        self.policies[policy] |= body

    def _need_permissions(self) -> None:
        if "admin-fine-grained-authz:v1" not in self.features:
            raise NoFeature

    def _permission(self, permission: str) -> Json:
        return next(p for p in self.permissions.values() if p["id"] == permission)

    @route("DELETE", "identity-provider/instances/*")
    def _drop_provider(self, alias: str, **_: Any) -> None:
        del self.providers[alias]
        self.permissions.pop(alias, None)
