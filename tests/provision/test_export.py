"""What `--export` writes is a whole realm, for a server that has never heard of it."""

from __future__ import annotations

import io
import json
import stat
from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command
from django.test import override_settings

import exampleproject.settings
from exampleproject.demo.keycloak import FOLDER
from kc_exchange import downstream_session
from kc_exchange.context import using_subject_token
from kc_exchange.provision import built_in
from kc_exchange.provision.documents import named
from kc_exchange.testing import DownstreamRecorder, EmbeddedKeycloak
from kc_exchange.tokens import unverified_claims
from tests.provision.company import ALICE, SECRET, Company
from tests.provision.exports import documents, part

if TYPE_CHECKING:
    from pathlib import Path

    from tests.provision.commands import Command
    from tests.provision.provider import Provider


@pytest.fixture
def small(provider: Provider, tmp_path: Path) -> Company:
    """The company, wherever its Keycloak is."""
    return Company("https://id.example", tmp_path, provider.url)


def test_document__has_the_scopes_of_every_realm(small: Company) -> None:
    """A document that lists scopes gets no others."""
    acme = documents(small)["acme"]

    names = [scope["name"] for scope in acme["clientScopes"]]
    assert {scope["name"] for scope in built_in.client_scopes()} < set(names)
    assert len(names) == len(set(names))
    assert acme["defaultDefaultClientScopes"] == built_in.default_scopes()


def test_document__gives_each_client_its_scopes(small: Company) -> None:
    """A client that lists scopes gets no others, and never saml's."""
    app = part(documents(small)["acme"], "clients", "app")

    default, optional = app["defaultClientScopes"], app["optionalClientScopes"]
    assert {"basic", "profile", "service_account", "impersonation"} <= set(default)
    assert {"offline_access", "orders:read"} <= set(optional)
    assert "role_list" not in default
    assert not set(default) & set(optional)


def test_document__gives_people_the_default_role(small: Company) -> None:
    alice = part(documents(small)["acme"], "users", "alice")

    assert alice["realmRoles"] == ["default-roles-company-acme"]
    assert alice["id"] == ALICE


def test_document__has_permissions_as_keycloak_exports_them(small: Company) -> None:
    shared = documents(small)["shared"]

    internal = part(shared, "identityProviders", "acme")["internalId"]
    management = part(shared, "clients", "realm-management")
    settings = management["authorizationSettings"]
    policies = {one["name"]: one for one in settings["policies"]}
    permission = policies[f"token-exchange.permission.idp.{internal}"]
    (policy,) = json.loads(permission["config"]["applyPolicies"])
    assert json.loads(policies[policy]["config"]["clients"]) == ["hub"]
    assert permission["decisionStrategy"] == "AFFIRMATIVE"
    resources = [one["name"] for one in settings["resources"]]
    assert f"idp.resource.{internal}" in resources
    names = {role["name"] for role in shared["roles"]["client"]["realm-management"]}
    assert names == {"impersonation", "realm-admin"}


def test_document__without_permissions_leaves_that_client_out(small: Company) -> None:
    """Keycloak gives it its roles only where no document does."""
    globex = documents(small)["globex"]

    assert named(globex["clients"], "clients", "realm-management") is None
    assert "client" not in globex.get("roles", {})


@pytest.mark.parametrize("client", ["account", "broker", "admin-cli"])
def test_document__leaves_keycloaks_own_clients_out(
    small: Company, client: str
) -> None:
    small.people["default"]["clients"].append({"clientId": client, "enabled": True})

    acme = documents(small)["acme"]

    assert named(acme["clients"], "clients", client) is None


def test_document__is_the_same_each_time(small: Company) -> None:
    """But for the secrets that two realms share, which are made anew."""
    first, second = documents(small, secrets=False), documents(small, secrets=False)

    assert first == second
    once, again = documents(small), documents(small)
    assert once["acme"] != again["acme"]


def test_command__writes_a_file_for_each_realm(
    command: Command, tmp_path: Path
) -> None:
    """It asks no Keycloak, and needs no credentials."""
    command.environment = {}
    command.company.url = "https://id.example"
    folder = tmp_path / "out"

    said = command.run("--export", folder)

    names = [f"company-{alias}-realm.json" for alias in ("acme", "globex", "shared")]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert f"Wrote {folder / names[0]}.\n" in said
    assert "  COMPANY_ACME_APP_SECRET\n" in said
    assert "--features=token-exchange,admin-fine-grained-authz:v1." in said
    mode = stat.S_IMODE((folder / names[0]).stat().st_mode)
    assert mode & 0o600 == 0o600


def test_command__keeps_secrets_for_the_owner(command: Command, tmp_path: Path) -> None:
    command.run("--export", tmp_path / "out", "--with-secrets")

    for path in (tmp_path / "out").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    written = (tmp_path / "out/company-acme-realm.json").read_text()
    assert f"app-{SECRET}" in written


def test_command__cannot_write(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    _, error = command.fails(2, "--export", tmp_path / "none" / "deeper")
    assert "No such file or directory" in error
    _, error = command.fails(2, "--export", tmp_path / "file")
    assert "File exists" in error


def test_embedded_keycloak__runs_on_it(small: Company) -> None:
    """The file is as good for a project's own tests as for a server."""
    acme = documents(small)["acme"]
    with (
        EmbeddedKeycloak(acme, features={"token-exchange"}) as keycloak,
        DownstreamRecorder() as recorder,
    ):
        small.url, small.recorder = keycloak.url, recorder
        token = keycloak.token("company-acme", "alice", client_id="app")
        with small.in_use(), using_subject_token(token):
            for name in ("orders-api", "plain-api"):
                with downstream_session(name) as session:
                    assert session.get("").status_code == 200
        audiences = [unverified_claims(token)["aud"] for token in recorder.tokens]

    assert audiences == ["orders-api", "plain-api"]


def test_example__has_the_realms_that_its_settings_want(tmp_path: Path) -> None:
    """To write it anew: SHOP_* unset, `provision --export ... --with-secrets`."""
    options = ["--export", str(tmp_path), "--with-secrets"]

    with override_settings(DEBUG=True, KC_EXCHANGE=exampleproject.settings.KC_EXCHANGE):
        call_command("kc_exchange", "provision", *options, stdout=io.StringIO())

    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert written == {path.name: path.read_text() for path in FOLDER.glob("*.json")}
