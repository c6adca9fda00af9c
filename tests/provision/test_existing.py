"""Realms that somebody else has made, and administrators who may do less."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from kc_exchange import exchange
from tests.provision.commands import Command
from tests.provision.company import PASSWORD, SECRET, Company, person
from tests.provision.kinds import on
from tests.real_keycloak import LEGACY, PERMISSIONS, STANDARD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.provision.real import Keycloak

MONTH = 30 * 24 * 60 * 60
VIEWS = ["realm", "clients", "users", "identity-providers", "authorization"]


@contextmanager
def acme_alone(keycloak: Keycloak, folder: Path, **changes: Any) -> Iterator[Command]:
    """The command for one realm of the company, and for what needs no other."""
    company = Company(keycloak.url, folder, prefix="alone")
    raw = company.raw
    raw["REALMS"] = {
        alias: realm
        for alias, realm in raw["REALMS"].items()
        if "acme" in realm["ISSUER"]
    }
    here = ("orders-api", "plain-api", "reports-api")
    raw["DOWNSTREAMS"] = {name: raw["DOWNSTREAMS"][name] for name in here}
    raw["REALM_FILES"].pop("globex")
    raw["IMPERSONATION"] = {"AT_KEYCLOAK": "never"}
    raw |= changes
    with keycloak.without(["alone-acme"]), pytest.MonkeyPatch.context() as patch:
        patch.setattr(Company, "raw", raw)
        yield Command(company, keycloak.environment)


@on(STANDARD)
def test_apply__leaves_what_others_have_made(
    keycloak: Keycloak, tmp_path: Path
) -> None:
    """By hand: a login, mappers, roles, people. All of it stays as it is."""
    mapper = {
        "name": "by hand",
        "protocol": "openid-connect",
        "protocolMapper": "oidc-hardcoded-claim-mapper",
        "config": {"claim.name": "hand", "claim.value": "made"},
    }
    to_orders = {
        "name": "to the orders",
        "protocol": "openid-connect",
        "protocolMapper": "oidc-audience-mapper",
        "config": {
            "included.client.audience": "orders-api",
            "access.token.claim": "true",
        },
    }
    realm = {
        "realm": "alone-acme",
        "enabled": True,
        "displayName": "By hand",
        "accessTokenLifespan": 120,
        "roles": {"realm": [{"name": "support", "description": "by hand"}]},
        "users": [person("walter")],
        "clients": [
            {
                "clientId": "app",
                "name": "By hand",
                "publicClient": True,
                "redirectUris": ["https://app.example/*"],
                "webOrigins": ["https://app.example"],
                "attributes": {"access.token.lifespan": "60", "by.hand": "yes"},
                "protocolMappers": [mapper],
            },
            {"clientId": "orders-api", "standardFlowEnabled": True},
        ],
    }
    with acme_alone(keycloak, tmp_path) as command:
        keycloak.call("POST", "", realm)
        scope = {
            "name": "orders:read",
            "protocol": "openid-connect",
            "protocolMappers": [to_orders],
        }
        keycloak.call("POST", "/alone-acme/client-scopes", scope)

        command.run("--apply")

        assert command.run("--apply").startswith("Nothing to change")
        app = keycloak.client("alone-acme", "app")
        orders = keycloak.client("alone-acme", "orders-api")
        itself = keycloak.call("GET", "/alone-acme")
        scopes = keycloak.call("GET", "/alone-acme/client-scopes")
        walter = keycloak.call("GET", "/alone-acme/users?username=walter")

    assert (app["publicClient"], app["name"]) == (False, "By hand")
    assert app["redirectUris"] == ["https://app.example/*"]
    assert app["webOrigins"] == ["https://app.example"]
    assert app["attributes"]["by.hand"] == "yes"
    assert app["attributes"]["access.token.lifespan"] == "60"
    assert [one["name"] for one in app["protocolMappers"]] == ["by hand"]
    assert orders["standardFlowEnabled"] is True
    assert itself["eventsExpiration"] == MONTH
    assert itself["attributes"]["adminEventsExpiration"] == str(MONTH)
    assert (itself["displayName"], itself["accessTokenLifespan"]) == ("By hand", 120)
    (known,) = (one for one in scopes if one["name"] == "orders:read")
    assert [one["name"] for one in known["protocolMappers"]] == ["to the orders"]
    assert len(walter) == 1


@on(STANDARD, LEGACY, PERMISSIONS)
def test_second_apply__sends_nothing(keycloak: Keycloak, tmp_path: Path) -> None:
    """Keycloak's own record of what administrators do does not grow."""
    events = "/alone-acme/admin-events?max=1000"
    with acme_alone(keycloak, tmp_path) as command:
        command.run("--apply")
        before = keycloak.call("GET", events)

        said = command.run("--apply")

        assert said.startswith("Nothing to change: 1 realm is as KC_EXCHANGE wants.")
        assert keycloak.call("GET", events) == before
    assert before


@on(PERMISSIONS)
def test_administrator__of_one_realm(keycloak: Keycloak, tmp_path: Path) -> None:
    """Who may only look can check; who administers the realm can apply."""
    view = [f"view-{what}" for what in VIEWS]
    people = [
        person("viewer", clientRoles={"realm-management": view}),
        person("manager", clientRoles={"realm-management": ["realm-admin"]}),
    ]
    options = ["--admin-realm", "alone-acme"]
    with acme_alone(keycloak, tmp_path) as command:
        command.run("--apply")
        body = {"ifResourceExists": "FAIL", "users": people}
        keycloak.call("POST", "/alone-acme/partialImport", body)
        command.environment = {
            "KEYCLOAK_ADMIN_USERNAME": "viewer",
            "KEYCLOAK_ADMIN_PASSWORD": PASSWORD,
        }
        assert command.run("--check", *options).startswith("Nothing to change")
        keycloak.call("PUT", "/alone-acme", {"eventsEnabled": False})

        out, _ = command.fails(1, "--check", *options)
        _, error = command.fails(2, "--apply", *options)
        command.environment["KEYCLOAK_ADMIN_USERNAME"] = "manager"
        done = command.run("--apply", *options)

    assert "Save events: off -> on" in out
    assert "This administrator may not do PUT realms/alone-acme (403)." in error
    assert "Done: 0 created, 1 changed." in done


KEYS: dict[str, Callable[[], Any]] = {
    "RS256": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ES512": lambda: ec.generate_private_key(ec.SECP521R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


@on(STANDARD)
@pytest.mark.parametrize("key_id", ["", "key-1"])
@pytest.mark.parametrize("algorithm", KEYS)
def test_private_key__is_known_by_its_public_half(
    keycloak: Keycloak, tmp_path: Path, algorithm: str, key_id: str
) -> None:
    pem = KEYS[algorithm]().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    realm = {
        "ISSUER": f"{keycloak.url}/realms/alone-acme",
        "CLIENT_ID": "app",
        "CLIENT_AUTH": "private_key_jwt",
        "PRIVATE_KEY": pem.decode(),
        "KEY_ID": key_id,
    }
    changes = {"REALMS": {"default": realm}}
    with acme_alone(keycloak, tmp_path, **changes) as command:
        said = command.run("--apply")

        with command.company.in_use():
            token = exchange.service_account(command.company.settings.realm("default"))
        assert command.run("--check").startswith("Nothing to change")

    assert token.value
    assert "Credentials > Client Authenticator: client-jwt" in said
    assert "PRIVATE" not in said


@on(STANDARD)
def test_client_that_administers__in_place_of_a_person(
    keycloak: Keycloak, tmp_path: Path
) -> None:
    """With a service account that has the roles."""
    service = {
        "clientId": "alone-provisioner",
        "secret": SECRET,
        "serviceAccountsEnabled": True,
    }
    with acme_alone(keycloak, tmp_path) as command:
        keycloak.call("POST", "/master/clients", service)
        client = keycloak.client("master", "alone-provisioner")["id"]
        try:
            where = f"/master/clients/{client}/service-account-user"
            account = keycloak.call("GET", where)["id"]
            role = keycloak.call("GET", "/master/roles/admin")
            mappings = f"/master/users/{account}/role-mappings/realm"
            keycloak.call("POST", mappings, [role])
            command.environment = {
                "KEYCLOAK_ADMIN_CLIENT_ID": "alone-provisioner",
                "KEYCLOAK_ADMIN_CLIENT_SECRET": SECRET,
            }

            assert "Done: " in command.run("--apply")
        finally:
            keycloak.call("DELETE", f"/master/clients/{client}")
