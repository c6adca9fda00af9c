"""What `--export` writes is a whole realm, for a server that has never heard of it."""

from __future__ import annotations

import io
import json
import stat
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.test import override_settings

import exampleproject.settings
from exampleproject.demo.keycloak import FOLDER
from kc_exchange import downstream_session
from kc_exchange.context import using_subject_token
from kc_exchange.provision import ProvisionFailed, built_in, exported
from kc_exchange.provision.documents import named
from kc_exchange.testing import DownstreamRecorder, EmbeddedKeycloak
from kc_exchange.tokens import unverified_claims
from tests.provision.company import ALICE, PASSWORD, SECRET, Company

if TYPE_CHECKING:
    from pathlib import Path

    from tests.provision.commands import Command
    from tests.provision.provider import Provider

Json = dict[str, Any]


@pytest.fixture
def small(provider: Provider, tmp_path: Path) -> Company:
    """The company, wherever its Keycloak is."""
    return Company("https://id.example", tmp_path, provider.url)


def documents(company: Company, *, secrets: bool = True) -> dict[str, Json]:
    """The documents of the company's realms, by their aliases."""
    found, _ = exported(company.wanted().values(), with_secrets=secrets)
    return {name.removeprefix("company-"): one for name, one in found.items()}


def part(document: Json, kind: str, name: str) -> Json:
    found = named(document[kind], kind, name)
    assert found is not None, name
    return found


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


def test_shared_secret__is_on_both_sides(small: Company) -> None:
    found = documents(small)

    for alias in ("acme", "globex"):
        broker = part(found[alias], "clients", "company-shared-broker")
        provider = part(found["shared"], "identityProviders", alias)
        assert provider["config"]["clientSecret"] == broker["secret"]
        assert len(broker["secret"]) > 40


def test_shared_secret__of_a_realm_file(small: Company) -> None:
    """So that the same files come out each time."""
    broker = {"clientId": "company-shared-broker", "secret": "chosen"}
    small.people["default"]["clients"].append(broker)

    found = documents(small)

    provider = part(found["shared"], "identityProviders", "acme")
    assert provider["config"]["clientSecret"] == "chosen"


def test_placeholders__stand_for_each_secret(small: Company) -> None:
    small.people["default"]["smtpServer"] = {"host": "mail", "password": PASSWORD}
    found, variables = exported(small.wanted().values(), with_secrets=False)

    text = json.dumps(found)
    assert SECRET not in text
    assert PASSWORD not in text
    assert variables == [
        "COMPANY_ACME_ALICE_PASSWORD",
        "COMPANY_ACME_APP_SECRET",
        "COMPANY_ACME_APP_SUPPORT_SECRET",
        "COMPANY_ACME_COMPANY_SHARED_BROKER_SECRET",
        "COMPANY_ACME_CORPORATE_CLIENT_SECRET",
        "COMPANY_ACME_OLGA_PASSWORD",
        "COMPANY_ACME_SMTP_SERVER_PASSWORD",
        "COMPANY_GLOBEX_APP_SECRET",
        "COMPANY_GLOBEX_BOB_PASSWORD",
        "COMPANY_GLOBEX_COMPANY_SHARED_BROKER_SECRET",
        "COMPANY_SHARED_HUB_SECRET",
    ]
    assert all(f"${{{variable}}}" in text for variable in variables)


HIDDEN: dict[str, Any] = {
    "smtpServer": {"host": "mail", "password": PASSWORD},
    "attributes": {"apiKey": SECRET},
    "clients": [
        {
            "clientId": "a.b",
            "registrationAccessToken": SECRET,
            "rootUrl": f"https://adm:{SECRET}@app.example/",
        }
    ],
    "identityProviders": [
        {"alias": "corporate", "config": {"passphrase": SECRET, "apiToken": SECRET}}
    ],
    "users": [
        {
            "username": "olga",
            "attributes": {"pin": ["1"], "password": [PASSWORD, f"{PASSWORD}-2"]},
            "credentials": [{"type": "otp", "secretData": SECRET}],
            "clientRoles": {"token-api": ["refund"]},
        }
    ],
}


def test_placeholders__stand_for_secrets_anywhere(small: Company) -> None:
    """In a list, in a URL, and under any name that sounds like one."""
    small.people["support"] = HIDDEN

    found, variables = exported(small.wanted().values(), with_secrets=False)
    shown, none = exported(small.wanted().values(), with_secrets=True)

    text = json.dumps(found)
    assert SECRET not in text
    assert PASSWORD not in text
    assert {
        "COMPANY_ACME_SMTP_SERVER_PASSWORD",
        "COMPANY_ACME_A_B_REGISTRATION_ACCESS_TOKEN",
        "COMPANY_ACME_CORPORATE_PASSPHRASE",
        "COMPANY_ACME_OLGA_OTP_SECRET_DATA",
        "COMPANY_ACME_OLGA_PASSWORD_2",
        "COMPANY_ACME_API_KEY",
    } <= set(variables)
    olga = part(found["company-acme"], "users", "olga")
    assert olga["clientRoles"] == {"token-api": ["refund"]}
    assert olga["attributes"]["pin"] == ["1"]
    assert none == []
    told = part(shown["company-acme"], "users", "olga")["attributes"]["password"]
    assert told == [PASSWORD, f"{PASSWORD}-2"]


def test_placeholders__differ_where_names_look_alike(small: Company) -> None:
    """Else one secret would stand in the place of another."""
    secrets = [
        {"secret": SECRET, "clientId": c} for c in ("a.b", "a_b", "日本", "東京")
    ]
    provider = {"alias": "a", "providerId": "oidc", "config": {"b.secret": SECRET}}
    small.people["support"] = {"clients": secrets, "identityProviders": [provider]}

    found, variables = exported(small.wanted().values(), with_secrets=False)

    acme = found["company-acme"]
    ours = [part(acme, "clients", one["clientId"])["secret"] for one in secrets]
    ours.append(part(acme, "identityProviders", "a")["config"]["b.secret"])
    assert len(set(ours)) == len(ours)
    assert {one[2:-1] for one in ours} <= set(variables)
    assert ours[0].startswith("${COMPANY_ACME_A_B_SECRET_")
    again, _ = exported(small.wanted().values(), with_secrets=False)
    assert again == found


@pytest.mark.parametrize("with_secrets", [False, True])
@pytest.mark.parametrize("secret", ["xxx${HOME}zz", "a${b"])
def test_secret__that_an_import_would_change(
    small: Company, secret: str, with_secrets: bool
) -> None:
    """Keycloak replaces what it finds in a variable once more."""
    client = {"clientId": "app", "secret": secret}
    small.people["support"] = {"clients": [client]}

    with pytest.raises(ProvisionFailed) as caught:
        exported(small.wanted().values(), with_secrets=with_secrets)

    assert "clients > app > secret of realm 'company-acme' has ${" in caught.value.cause
    assert secret not in str(caught.value)
    assert "--apply" in caught.value.fix


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
