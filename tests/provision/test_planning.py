"""From two documents to the changes between them, and the calls that make them."""

from __future__ import annotations

from typing import Any

from kc_exchange.provision.change import Phase
from kc_exchange.provision.found import Found
from kc_exchange.provision.planning import plan
from kc_exchange.provision.shared import Fresh
from tests.provision.plans import body, has, one, wants

MAPPER: dict[str, Any] = {
    "name": "audience orders-api",
    "protocolMapper": "oidc-audience-mapper",
    "config": {"included.client.audience": "orders-api", "access.token.claim": "true"},
}


def test_plan__of_a_fitting_realm_is_empty() -> None:
    scope = {"name": "orders:read", "protocolMappers": [MAPPER]}
    wanted = wants(enabled=True, clientScopes=[scope], clients=[{"clientId": "app"}])
    found = has(
        enabled=True,
        clientScopes=[scope | {"id": "1", "description": "by hand"}],
        clients=[{"clientId": "app", "id": "2", "name": "by hand"}],
    )

    assert plan([wanted], found) == []


def test_plan__sends_only_what_changed_of_a_realm() -> None:
    change = one(wants(displayName="Acme"), has(displayName="", x=1))

    assert str(change.act) == "PUT realms/acme"
    assert body(change) == {"displayName": "Acme"}


def test_plan__sends_the_whole_client() -> None:
    """Keycloak sets what a client lacks to a default of its own."""
    wanted = wants(clients=[{"clientId": "app", "attributes": {"x": "true"}}])
    known = {
        "id": "1",
        "clientId": "app",
        "webOrigins": ["+"],
        "attributes": {"y": "z"},
        "protocolMappers": [MAPPER],
        "defaultClientScopes": ["profile"],
    }

    change = one(wanted, has(clients=[known]))

    assert str(change.act) == "PUT clients/app"
    assert body(change) == {
        "id": "1",
        "clientId": "app",
        "webOrigins": ["+"],
        "attributes": {"y": "z", "x": "true"},
    }


def test_plan__makes_a_client_with_what_it_has_at_first() -> None:
    first = {"clients": [{"clientId": "app", "secret": Fresh(), "redirectUris": []}]}
    wanted = wants(
        first=first, clients=[{"clientId": "app", "optionalClientScopes": ["read"]}]
    )

    made, assigned = plan([wanted], has(clientScopes=[{"name": "read"}]))

    assert made.creates
    assert (made.phase, str(made.act)) == (Phase.CLIENTS, "POST clients")
    assert body(made) == {"clientId": "app", "secret": Fresh(), "redirectUris": []}
    assert str(assigned.act) == "PUT clients/app/optional-client-scopes/read"


def test_plan__takes_a_mapper_by_any_name() -> None:
    """One that adds the same audience will do, whoever made it."""
    by_hand = MAPPER | {"id": "7", "name": "to the orders"}
    scope = {"name": "read", "protocolMappers": [MAPPER]}
    there = {"id": "1", "name": "read", "protocolMappers": [by_hand]}

    assert plan([wants(clientScopes=[scope])], has(clientScopes=[there])) == []


def test_plan__leaves_a_mapper_that_does_not_do() -> None:
    """It adds the audience to the ID token alone: somebody wants that. Ours is new."""
    config = {**MAPPER["config"], "access.token.claim": "false"}
    by_hand = {**MAPPER, "id": "7", "name": "only-id", "config": config}
    scope = {"name": "read", "protocolMappers": [MAPPER]}
    there = {"id": "1", "name": "read", "protocolMappers": [by_hand]}

    change = one(wants(clientScopes=[scope]), has(clientScopes=[there]))

    assert change.creates
    assert str(change.act) == "POST client-scopes/read/protocol-mappers/models"
    assert change.place == "Client scopes > read > Mappers > audience orders-api"


def test_plan__puts_a_mapper_right() -> None:
    by_hand = {**MAPPER, "id": "7", "config": {"included.client.audience": "other"}}
    scope = {"name": "read", "protocolMappers": [MAPPER]}
    there = {"id": "1", "name": "read", "protocolMappers": [by_hand]}

    change = one(wants(clientScopes=[scope]), has(clientScopes=[there]))

    assert str(change.act) == "PUT client-scopes/read/protocol-mappers/models/7"
    assert body(change)["config"] == MAPPER["config"]


def test_plan__moves_a_scope_that_everybody_gets() -> None:
    """Else Keycloak would ignore its second place."""
    client = {"clientId": "app", "optionalClientScopes": ["read"]}
    there = {"clientId": "app", "defaultClientScopes": ["read"]}

    change = one(wants(clients=[client]), has(clients=[there]))

    assert str(change.act) == (
        "DELETE clients/app/default-client-scopes/read, "
        "PUT clients/app/optional-client-scopes/read"
    )
    assert [(m.path, m.before, m.after) for m in change.members] == [
        (("optionalClientScopes",), [], ["read"]),
        (("defaultClientScopes",), ["read"], []),
    ]


def test_plan__roles_of_clients_and_what_they_bring() -> None:
    refund = {"name": "refund", "composites": {"realm": ["staff"]}}
    roles = {"client": {"orders-api": [refund]}, "realm": [{"name": "staff"}]}

    staff, made, brought = plan([wants(roles=roles)], has())

    assert [staff.phase, made.phase, brought.phase] == [
        Phase.ROLES,
        Phase.CLIENT_ROLES,
        Phase.LINKS,
    ]
    assert str(made.act) == "POST clients/orders-api/roles"
    assert body(made) == {"name": "refund"}
    assert str(brought.act) == "POST clients/orders-api/roles/refund/composites"


def test_plan__roles_that_scopes_are_limited_to() -> None:
    own = [{"clientScope": "read", "roles": ["staff", "admin"]}]
    of_client = {"orders-api": [{"client": "app", "roles": ["refund"]}]}
    wanted = wants(scopeMappings=own, clientScopeMappings=of_client)
    there = [{"clientScope": "read", "roles": ["admin"]}]

    first, second = plan([wanted], has(scopeMappings=there))

    assert str(first.act) == "POST client-scopes/read/scope-mappings/realm"
    assert [str(role) for role in body(first)] == ["staff"]
    assert str(second.act) == "POST clients/app/scope-mappings/clients/orders-api"


def test_plan__imports_a_person_with_everything() -> None:
    """Else the id of the file would be lost, and its roles be calls of their own."""
    alice = {"username": "alice", "id": "1", "realmRoles": ["customer"]}

    change = one(wants(users=[alice]), has())

    assert str(change.act) == "POST partialImport"
    (user,) = body(change)["users"]
    assert user == alice | {"realmRoles": ["default-roles-acme", "customer"]}


def test_plan__of_a_person_who_is_there() -> None:
    alice = {
        "username": "alice",
        "enabled": True,
        "realmRoles": ["customer"],
        "clientRoles": {"orders-api": ["refund"]},
        "federatedIdentities": [{"identityProvider": "acme", "userId": "1"}],
        "credentials": [{"type": "password", "value": "x"}],
    }
    there = {"username": "alice", "id": "1", "enabled": True, "realmRoles": ["other"]}

    changes = plan([wants(users=[alice])], has(users=[there]))

    assert [str(change.act) for change in changes] == [
        "POST users/alice/role-mappings/realm",
        "POST users/alice/role-mappings/clients/orders-api",
        "POST users/alice/federated-identity/acme",
    ]


def test_plan__never_makes_a_service_account() -> None:
    """It comes with its client; only its roles are ours to give."""
    account = {
        "username": "service-account-app",
        "serviceAccountClientId": "app",
        "realmRoles": ["auditor"],
    }

    change = one(wants(users=[account]), has())

    assert str(change.act) == "POST users/service-account-app/role-mappings/realm"


def test_plan__hides_secrets() -> None:
    """A traceback may show it."""
    client = {"clientId": "app", "secret": "sesame"}
    user = {"username": "alice", "credentials": [{"value": "sesame"}]}
    wanted = wants(clients=[client], users=[user], smtpServer={"password": "sesame"})

    changes = plan([wanted], has(clients=[{**client, "secret": "other"}]))
    new = plan([wanted], {"acme": Found({})})

    assert len(changes) == 3
    assert "sesame" not in repr((wanted, changes, new))


def test_plan__of_a_new_realm_knows_what_every_realm_has() -> None:
    """A realm file may change a scope that Keycloak makes."""
    profile = {"name": "profile", "protocolMappers": []}

    changes = plan([wants(clientScopes=[profile])], {"acme": Found({})})

    assert [change.place for change in changes] == ["Realm settings"]
    assert str(changes[0].act) == "POST realms"
