"""What somebody may break by hand, and the place that `--check` must name for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.provision.real import Keycloak

    Break = Callable[["Hands"], None]


class Breaks:
    """Functions that break something, and what the report says of it."""

    def __init__(self) -> None:
        self.known: dict[str, tuple[str, Break]] = {}

    def __call__(self, said: str) -> Callable[[Break], Break]:
        """Keep a function, which breaks what `said` names."""

        def kept(function: Break) -> Break:
            self.known[function.__name__] = (said, function)
            return function

        return kept


@dataclass
class Hands:
    """Somebody in the admin console."""

    keycloak: Keycloak
    acme: str
    shared: str

    def realm(self, **members: Any) -> None:
        """Change the realm itself."""
        self.keycloak.call("PUT", f"/{self.acme}", members)

    def client(self, client_id: str, *, realm: str = "", **members: Any) -> None:
        """Change a client."""
        name = realm or self.acme
        known = self.keycloak.client(name, client_id)
        attributes = known.get("attributes", {}) | members.pop("attributes", {})
        body = known | members | {"attributes": attributes}
        self.keycloak.call("PUT", f"/{name}/clients/{known['id']}", body)

    def scope(self, name: str) -> dict[str, Any]:
        """A client scope."""
        known = self.keycloak.call("GET", f"/{self.acme}/client-scopes")
        return next(one for one in known if one["name"] == name)

    def mapper(self, scope: str, *, method: str = "PUT", **config: str) -> None:
        """Change, or delete, the mapper of a scope."""
        known = self.scope(scope)
        mapper = known["protocolMappers"][0]
        where = f"client-scopes/{known['id']}/protocol-mappers/models/{mapper['id']}"
        body = mapper | {"config": mapper["config"] | config}
        self.keycloak.call(method, f"/{self.acme}/{where}", body)

    def move(self, client_id: str, scope: str, *ways: tuple[str, str]) -> None:
        """Change where a client has a scope: ("DELETE", "optional"), and so on."""
        client = self.keycloak.client(self.acme, client_id)["id"]
        for method, kind in ways:
            where = f"clients/{client}/{kind}-client-scopes/{self.scope(scope)['id']}"
            self.keycloak.call(method, f"/{self.acme}/{where}")

    def provider(self, alias: str = "acme", **members: Any) -> None:
        """Change the provider that stands for `acme`, or the one of `acme`'s own."""
        realm = self.shared if alias == "acme" else self.acme
        where = f"/{realm}/identity-provider/instances/{alias}"
        known = self.keycloak.call("GET", where)
        config = known["config"] | members.pop("config", {})
        self.keycloak.call("PUT", where, known | members | {"config": config})

    def role(self, name: str) -> dict[str, Any]:
        """A role of the realm."""
        found: dict[str, Any] = self.keycloak.call("GET", f"/{self.acme}/roles/{name}")
        return found

    def user(self, name: str) -> dict[str, Any]:
        """A person."""
        found: list[dict[str, Any]]
        query = f"username={name}&exact=true"
        found = self.keycloak.call("GET", f"/{self.acme}/users?{query}")
        return found[0]
