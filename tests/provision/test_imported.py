"""Realms that a real Keycloak imported, and what it has of itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange.provision import built_in
from tests.provision.commands import Command
from tests.provision.kinds import on
from tests.real_keycloak import LEGACY, PERMISSIONS, STANDARD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.provision.company import Company
    from tests.provision.real import Keycloak

EXPORT = "partial-export?exportClients=true&exportGroupsAndRoles=true"


@pytest.fixture
def imported(keycloak: Keycloak, company: Company, tmp_path: Path) -> Iterator[Command]:
    """The command, once the server has imported what it exported."""
    command = Command(company, keycloak.environment)
    with keycloak.without(company.names.values()):
        command.run("--export", tmp_path, "--with-secrets")
        for path in tmp_path.iterdir():
            keycloak.call("POST", "", json.loads(path.read_text()))
        yield command


def bare(value: Any) -> Any:
    """A document without its ids, in an order of its own; what is off is left out."""
    if isinstance(value, dict):
        ids = ("id", "containerId")
        off = ("userinfo.token.claim", "false")
        kept = [m for m in value.items() if m[0] not in ids and m != off]
        return {key: bare(inner) for key, inner in sorted(kept)}
    if isinstance(value, list):
        return sorted(map(bare, value), key=lambda one: json.dumps(one, sort_keys=True))
    return value


def by_name(parts: list[dict[str, Any]], member: str = "name") -> dict[str, Any]:
    return {part[member]: bare(part) for part in parts}


def lacking(parts: list[dict[str, Any]], known: list[dict[str, Any]]) -> dict[str, Any]:
    """Those of the parts that are not known, or not as they are."""
    others = by_name(known)
    return {n: one for n, one in by_name(parts).items() if others.get(n) != one}


@on(STANDARD, LEGACY, PERMISSIONS)
def test_built_in__is_what_a_new_realm_has(keycloak: Keycloak) -> None:
    with keycloak.without(["company-fresh"]):
        keycloak.call("POST", "", {"realm": "company-fresh", "enabled": True})
        fresh = keycloak.call("POST", f"/company-fresh/{EXPORT}")

    assert by_name(fresh["clientScopes"]) == by_name(built_in.client_scopes())
    default = (fresh["defaultDefaultClientScopes"], built_in.default_scopes())
    optional = (fresh["defaultOptionalClientScopes"], built_in.optional_scopes())
    assert sorted(default[0]) == sorted(default[1])
    assert sorted(optional[0]) == sorted(optional[1])


@on(PERMISSIONS)
def test_imported_realm__lacks_nothing_of_a_new_one(
    keycloak: Keycloak, imported: Command
) -> None:
    """Not even where the document has the client `realm-management`."""
    name = imported.company.names["acme"]
    found = keycloak.call("POST", f"/{name}/{EXPORT}")
    with keycloak.without(["company-fresh"]):
        keycloak.call("POST", "", {"realm": "company-fresh", "enabled": True})
        fresh = keycloak.call("POST", f"/company-fresh/{EXPORT}")

    clients = by_name(fresh["clients"], "clientId")
    assert set(clients) <= set(by_name(found["clients"], "clientId"))
    assert lacking(fresh["clientScopes"], found["clientScopes"]) == {}
    for client, roles in fresh["roles"]["client"].items():
        assert lacking(roles, found["roles"]["client"].get(client, [])) == {}


@on(PERMISSIONS)
def test_imported_realm__is_as_wanted(imported: Command) -> None:
    assert imported.run("--check").startswith("Nothing to change: 3 realms")


@on(STANDARD, LEGACY)
def test_imported_realm__without_the_features(imported: Command) -> None:
    """All but what the server cannot tell."""
    found = imported.document()

    assert {one["place"].split(" > ")[0] for one in found["changes"]} == {
        "Identity providers"
    }
    assert {m["member"] for one in found["changes"] for m in one["members"]} == {
        "clients"
    }
