"""Users and roles, and who or what has which role."""

from __future__ import annotations

from typing import Any

from tests.provision.stub.routes import Json, new_id, route
from tests.provision.stub.state import State


class People(State):
    """The part of the API about people."""

    @route("GET", "(client-scopes|clients|users)/*/(?:scope|role)-mappings")
    def _get_mappings(self, _kind: str, holder: str, **_: Any) -> Json:
        found: Json = {"realmMappings": [], "clientMappings": {}}
        for role in self.mappings[holder]:
            owner = self.clients.get(role["owner"], {}).get("clientId")
            if owner is None:
                found["realmMappings"].append(role)
                continue
            known = found["clientMappings"].setdefault(owner, {"mappings": []})
            known["mappings"].append(role)
        return found

    @route("POST", "(client-scopes|clients|users)/*/(?:scope|role)-mappings/(.+)")
    def _map(
        self, _kind: str, holder: str, _where: str, body: list[Json], **_: Any
    ) -> None:
        self.mappings[holder] += [self._role_of(role["id"]) for role in body]

    @route("GET", "(?:clients/*/)?roles/*")
    def _get_role(self, owner: str, name: str, **_: Any) -> Json | None:
        return self.roles.get((owner, name))

    @route("POST", "(?:clients/*/)?roles")
    def _post_role(self, owner: str, body: Json, **_: Any) -> None:
        self._add_role(owner, body)

    @route("PUT", "(?:clients/*/)?roles/*")
    def _put_role(self, owner: str, name: str, body: Json, **_: Any) -> None:
        self.roles[owner, name] |= body

    @route("POST", "(?:clients/*/)?roles/*/composites")
    def _compose(self, owner: str, name: str, body: list[Json], **_: Any) -> None:
        role = self.roles[owner, name]
        self.composites[role["id"]] += [self._role_of(one["id"]) for one in body]

    @route("GET", "(?:clients/*/)?roles/*/composites/(?:realm|clients/*)")
    def _get_composites(
        self, above: str, name: str, owner: str, **_: Any
    ) -> list[Json]:
        role = self.roles[above, name]
        return [one for one in self.composites[role["id"]] if one["owner"] == owner]

    @route("GET", "users")
    def _get_users(self, query: Json, **_: Any) -> list[Json]:
        name = query["username"]
        return [u for u in self.users.values() if u["username"] == name]

    @route("PUT", "users/*")
    def _put_user(self, user: str, body: Json, **_: Any) -> None:
        self.users[user] |= body

    @route("POST", "partialImport")
    def _import(self, body: Json, **_: Any) -> Json:
        for user in body["users"]:
            self._refuse_twice(user["username"], self.users.values(), "username")
            key = user.setdefault("id", new_id())
            self.users[key] = user
            roles = [("", name) for name in user.get("realmRoles", ())]
            for owner, names in user.get("clientRoles", {}).items():
                roles += [(self._id_of(owner), name) for name in names]
            self.mappings[key] += [self.roles[role] for role in roles]
        return {"added": len(body["users"])}

    @route("GET", "users/*/federated-identity")
    def _get_links(self, user: str, **_: Any) -> list[Json]:
        links: list[Json] = self.users[user].setdefault("federatedIdentities", [])
        return links

    @route("POST", "users/*/federated-identity/*")
    def _link(self, user: str, alias: str, body: Json, **_: Any) -> None:
        known = self.users[user].setdefault("federatedIdentities", [])
        known.append({**body, "identityProvider": alias})

    @route("DELETE", "(client-scopes|clients|users)/*/(?:scope|role)-mappings/(.+)")
    def _unmap(
        self, _kind: str, holder: str, _where: str, body: list[Json], **_: Any
    ) -> None:
        gone = {role["id"] for role in body}
        known = self.mappings[holder]
        known[:] = [role for role in known if role["id"] not in gone]

    @route("DELETE", "(?:clients/*/)?roles/*/composites")
    def _decompose(self, owner: str, name: str, **_: Any) -> None:
        self.composites[self.roles[owner, name]["id"]].clear()
