"""What realm files say of people, roles and clients, on a small and a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.provision.commands import Command
from tests.provision.company import ALICE, Company, person
from tests.provision.kinds import SMALL, on
from tests.real_keycloak import PERMISSIONS

if TYPE_CHECKING:
    from tests.provision.real import Keycloak

REFUND = {"orders-api": ["refund"]}
ACME: dict[str, Any] = {
    "displayName": "Acme",
    "roles": {
        "realm": [
            {"name": "customer"},
            {
                "name": "staff",
                "description": "Works here",
                "composites": {
                    "realm": ["customer"],
                    "client": REFUND,
                },
            },
        ],
        "client": {
            "orders-api": [
                {"name": "refund"},
                {
                    "name": "manage",
                    "composites": {"client": {"orders-api": ["refund"]}},
                },
            ]
        },
    },
    "clientScopes": [{"name": "tags", "protocol": "openid-connect"}],
    "scopeMappings": [{"client": "app", "roles": ["staff"]}],
    "clientScopeMappings": {
        "orders-api": [{"clientScope": "tags", "roles": ["refund"]}]
    },
    "clients": [
        {
            "clientId": "app",
            "directAccessGrantsEnabled": True,
            "redirectUris": ["https://app.example/*"],
            "defaultClientScopes": ["tags"],
            "protocolMappers": [
                {
                    "name": "team",
                    "protocol": "openid-connect",
                    "protocolMapper": "oidc-hardcoded-claim-mapper",
                    "config": {"claim.name": "team", "claim.value": "kiln"},
                }
            ],
        },
        {"clientId": "spa", "publicClient": True, "standardFlowEnabled": True},
    ],
    "users": [
        person(
            "alice",
            id=ALICE,
            realmRoles=["staff"],
            clientRoles={"orders-api": ["manage"]},
        ),
        {
            "username": "service-account-app",
            "serviceAccountClientId": "app",
            "realmRoles": ["customer"],
        },
    ],
}
SHARED: dict[str, Any] = {
    "identityProviderMappers": [
        {
            "name": "team",
            "identityProviderAlias": "acme",
            "identityProviderMapper": "oidc-user-attribute-idp-mapper",
            "config": {
                "claim": "team",
                "user.attribute": "team",
                "syncMode": "INHERIT",
            },
        }
    ],
    "users": [
        person(
            "alice",
            federatedIdentities=[
                {"identityProvider": "acme", "userId": ALICE, "userName": "alice"}
            ],
        )
    ],
}


@pytest.fixture(scope="module")
def filed(keycloak: Keycloak, company: Company) -> Command:
    """The company with longer realm files, applied."""
    company.people = {"default": ACME, "shared": SHARED}
    command = Command(company, keycloak.environment)
    command.run("--apply")
    return command


@on(SMALL, PERMISSIONS)
def test_apply__once_is_enough(filed: Command) -> None:
    """All that a realm file may say is read back as it was written."""
    assert filed.run("--check").startswith("Nothing to change")


@on(SMALL, PERMISSIONS)
def test_people__keep_their_ids(filed: Command, keycloak: Keycloak) -> None:
    """Other systems know them by those."""
    query = "users?username=alice&exact=true"

    (alice,) = keycloak.call("GET", f"/{filed.company.names['acme']}/{query}")

    assert alice["id"] == ALICE


@on(SMALL, PERMISSIONS)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"roles": {"realm": [{"name": "staff", "description": "Sells"}]}},
            "~ Realm roles > staff > description: Works here -> Sells",
        ),
        (
            {"roles": {"client": {"orders-api": [{"name": "audit"}]}}},
            "+ Clients > orders-api > Roles > audit",
        ),
        (
            {"scopeMappings": [{"client": "app", "roles": ["customer"]}]},
            "> Client scopes > app-dedicated > Scope > Assign role: + customer",
        ),
        (
            {
                "users": [
                    {"username": "alice", "clientRoles": {"orders-api": ["refund"]}}
                ]
            },
            "~ Users > alice > clientRoles.orders-api: + refund",
        ),
        (
            {"users": [{"username": "alice", "lastName": "Archer"}]},
            "~ Users > alice > lastName: Tester -> Archer",
        ),
        ({"displayName": "Acme Ltd"}, "Realm settings > General > Display name: Acme"),
        (
            {
                "clients": [
                    {
                        "clientId": "app",
                        "protocolMappers": [
                            {"name": "team", "config": {"claim.value": "shop"}}
                        ],
                    }
                ]
            },
            "Mappers > team > config.claim.value: kiln -> shop",
        ),
        (
            {
                "clients": [
                    {"clientId": "app", "redirectUris": ["https://new.example/"]}
                ]
            },
            "Valid redirect URIs: + https://new.example/",
        ),
    ],
)
def test_change__of_a_realm_file(
    filed: Command, change: dict[str, Any], said: str
) -> None:
    """A second file for the realm changes one thing, and the first is not forgotten."""
    filed.company.people = {"default": ACME, "support": change, "shared": SHARED}

    out, _ = filed.fails(1, "--check")

    assert said in out
    assert "Plan: 0 to create, 1 to change." in out or "Plan: 1 to create, 0" in out


@on(SMALL, PERMISSIONS)
def test_link__is_made_for_who_is_there(filed: Command) -> None:
    """A person that a realm had already is linked, too."""
    link = {"identityProvider": "globex", "userId": "1", "userName": "alice"}
    alice = SHARED["users"][0]
    links = [*alice["federatedIdentities"], link]
    linked = {**SHARED, "users": [{**alice, "federatedIdentities": links}]}
    filed.company.people = {"default": ACME, "shared": linked}

    said = filed.run("--apply")

    assert "~ Users > alice > Identity provider links: + globex" in said
    assert filed.run("--check").startswith("Nothing to change")
