"""From two documents to the changes between them, and the calls that make them."""

from __future__ import annotations

from typing import Any

import pytest

from kc_exchange.provision import ProvisionFailed
from kc_exchange.provision.change import Call, Change, Phase
from kc_exchange.provision.draft import Wanted
from kc_exchange.provision.found import Found
from kc_exchange.provision.planning import plan
from kc_exchange.provision.shared import Fresh, Shared

MAPPER = {
    "name": "audience orders-api",
    "protocolMapper": "oidc-audience-mapper",
    "config": {"included.client.audience": "orders-api", "access.token.claim": "true"},
}


def wants(permitted: Any = None, first: Any = None, **document: Any) -> Wanted:
    return Wanted(
        name="acme",
        issuer="https://id.example/realms/acme",
        document={"realm": "acme", **document},
        first=first or {},
        permitted=permitted or {},
    )


def has(permitted: Any = None, **document: Any) -> dict[str, Found]:
    return {"acme": Found({"realm": "acme", **document}, permitted or {})}


def one(wanted: Wanted, found: dict[str, Found]) -> Change:
    (change,) = plan([wanted], found)
    return change


def body(change: Change) -> Any:
    """What the call of a change sends."""
    assert isinstance(change.act, Call)
    return change.act.body


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
    change = one(wants(eventsEnabled=True), has(eventsEnabled=False, x=1))

    assert (str(change.act), body(change)) == ("PUT ", {"eventsEnabled": True})


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


PROVIDER = {"alias": "acme", "providerId": "oidc", "config": {"clientId": "broker"}}
BEGUN = {"alias": "acme", "config": {"clientSecret": Shared("other", "broker")}}


def test_plan__of_a_provider_that_nobody_describes() -> None:
    provider = {"alias": "acme", "storeToken": True}

    with pytest.raises(ProvisionFailed, match="no identity provider 'acme'"):
        plan([wants(identityProviders=[provider])], has())


def test_plan__a_provider_gets_its_secret_when_it_is_made() -> None:
    wanted = wants(first={"identityProviders": [BEGUN]}, identityProviders=[PROVIDER])

    change = one(wanted, has())

    assert body(change)["config"]["clientSecret"] == Shared("other", "broker")
    assert one(wanted, has()).phase == Phase.PROVIDERS


@pytest.mark.parametrize("config", [{"clientId": "gateway"}, {}])
def test_plan__a_providers_secret_goes_with_its_client(config: Any) -> None:
    """The secret that Keycloak hides is another client's."""
    wanted = wants(first={"identityProviders": [BEGUN]}, identityProviders=[PROVIDER])
    there = PROVIDER | {"config": {**config, "clientSecret": "**********"}}

    change = one(wanted, has(identityProviders=[there]))

    assert [member.path[-1] for member in change.members] == [
        "clientId",
        "clientSecret",
    ]


def test_plan__a_providers_secret_is_set_anew_with_a_new_client() -> None:
    """Somebody deleted the broker's client; what the provider has is of no use."""
    other = Wanted(
        name="other",
        issuer="https://id.example/realms/other",
        document={"realm": "other", "clients": [{"clientId": "broker"}]},
        first={},
    )
    wanted = wants(first={"identityProviders": [BEGUN]}, identityProviders=[PROVIDER])
    there = PROVIDER | {"config": {"clientId": "broker", "clientSecret": "*" * 10}}
    found = has(identityProviders=[there]) | {"other": Found({"realm": "other"})}

    client, provider = plan([other, wanted], found)

    assert client.place == "Clients > broker"
    assert [member.path[-1] for member in provider.members] == ["clientSecret"]
    known = Found({"realm": "other", "clients": [{"clientId": "broker"}]})
    assert plan([other, wanted], found | {"other": known}) == []


def test_plan__mappers_of_providers() -> None:
    mapper = {
        "name": "email",
        "identityProviderAlias": "acme",
        "identityProviderMapper": "oidc-user-attribute-idp-mapper",
    }
    there = mapper | {"id": "7", "identityProviderMapper": "other"}
    wanted = wants(identityProviderMappers=[mapper])

    made = one(wanted, has())
    changed = one(wanted, has(identityProviderMappers=[there]))

    assert str(made.act) == "POST identity-provider/instances/acme/mappers"
    assert str(changed.act) == "PUT identity-provider/instances/acme/mappers/7"


@pytest.mark.parametrize("known", [None, frozenset(), frozenset({"other"})])
def test_plan__who_may_exchange(known: Any) -> None:
    change = one(wants({"acme": frozenset({"app"})}), has({"acme": known}))

    (member,) = change.members
    assert member.after == sorted({"app"} | (known or set()))
    assert str(change.act).startswith("PUT identity-provider/instances/acme/management")


def test_plan__who_may_exchange_already() -> None:
    may = {"acme": frozenset({"app", "other"})}

    assert plan([wants({"acme": frozenset({"app"})})], has(may)) == []


def test_plan__of_a_new_realm_knows_what_every_realm_has() -> None:
    """A realm file may change a scope that Keycloak makes."""
    profile = {"name": "profile", "protocolMappers": []}

    changes = plan([wants(clientScopes=[profile])], {"acme": Found({})})

    assert [change.place for change in changes] == ["Realm settings"]
    assert str(changes[0].act) == "POST realms"
