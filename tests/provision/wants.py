"""What settings want, in few words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.conf.parse import parse
from kc_exchange.provision.documents import named, settled
from kc_exchange.provision.wanted import wanted
from tests.provision.company import NOWHERE

if TYPE_CHECKING:
    from kc_exchange.provision.draft import Wanted

ACME = {
    "ISSUER": "https://id.example/realms/acme",
    "CLIENT_ID": "app",
    "CLIENT_SECRET": "a-secret-that-is-long-enough",
}
SUPPORT = {**ACME, "CLIENT_ID": "app-support"}
SHARED = {
    "ISSUER": "https://id.example/realms/shared",
    "CLIENT_ID": "hub",
    "CLIENT_SECRET": "another-secret-that-is-long-enough",
}


def of(
    downstream: dict[str, Any] | None = None,
    *,
    impersonates: bool = False,
    more: dict[str, Any] | None = None,
    **realms: dict[str, Any],
) -> dict[str, Wanted]:
    """What is wanted of these realms for one downstream, `orders-api`."""
    raw = {"REALMS": {"default": ACME, **realms}, **(more or {})}
    if downstream is not None:
        raw["DOWNSTREAMS"] = {"orders-api": {"BASE_URL": NOWHERE, **downstream}}
    settings, problems = parse(raw, debug=False)
    assert settings is not None, problems
    return {one.name: one for one in wanted(settings, impersonates=impersonates)}


def client(one: Wanted, client_id: str) -> dict[str, Any]:
    """A client that is wanted, with its rules settled."""
    found = named(one.document["clients"], "clients", client_id)
    assert found is not None, client_id
    return dict(settled(found))


def part(one: Wanted, kind: str, name: str) -> dict[str, Any]:
    """Another part that is wanted."""
    found = named(one.document[kind], kind, name)
    assert found is not None, name
    return found


def clients(one: Wanted) -> set[str]:
    """The names of all clients that are wanted."""
    return {client["clientId"] for client in one.document["clients"]}


def audiences(one: Wanted, scope: str) -> list[str]:
    """Whom a scope adds to the audience."""
    configs = [m["config"] for m in part(one, "clientScopes", scope)["protocolMappers"]]
    return [
        config.get("included.client.audience") or config["included.custom.audience"]
        for config in configs
    ]
