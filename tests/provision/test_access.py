"""Who the administrator is, where Keycloak is, and what goes wrong on the way there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kc_exchange import conf
from kc_exchange.provision import ProvisionFailed, access
from kc_exchange.provision.access import Access
from kc_exchange.testing.messages import Response, json_response, redirect
from tests.provision.commands import ADMIN
from tests.provision.company import SECRET

if TYPE_CHECKING:
    from tests.provision.commands import Command
    from tests.provision.stub.server import AdminApi

CLIENT = {
    "KEYCLOAK_ADMIN_CLIENT_ID": "provisioner",
    "KEYCLOAK_ADMIN_CLIENT_SECRET": "admin",
}


def realm(issuer: str, **more: Any) -> conf.Realm:
    return conf.Realm(alias="default", issuer=issuer, client_id="app", **more)


ACME = realm("https://id.example/auth/realms/acme")


def test_access__is_what_stands_before_realms() -> None:
    assert access([ACME], ADMIN).url == "https://id.example/auth"


def test_access__by_the_name_from_inside() -> None:
    inside = "http://keycloak:8080/realms/acme/.well-known/openid-configuration"
    known = realm("https://id.example/realms/acme", discovery_url=inside)

    assert access([known], ADMIN).url == "http://keycloak:8080"


def test_access__by_a_client() -> None:
    found = access([ACME], CLIENT)

    assert (found.client_id, found.username) == ("provisioner", "")
    assert found.who == "client 'provisioner'"


def test_access__trusts_what_the_realm_trusts() -> None:
    assert access([ACME, realm(ACME.issuer, ca_bundle="/ca.pem")], ADMIN).ca_bundle


def test_access__hides_its_secrets() -> None:
    assert "sesame" not in repr(
        Access(url="x", password="sesame", client_secret="sesame")
    )


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"KEYCLOAK_ADMIN_USERNAME": "admin"},
        {"KEYCLOAK_ADMIN_USERNAME": "admin", "KEYCLOAK_ADMIN_PASSWORD": ""},
        {"KEYCLOAK_ADMIN_CLIENT_ID": "provisioner"},
    ],
)
def test_access__without_credentials(environment: dict[str, str]) -> None:
    with pytest.raises(ProvisionFailed) as caught:
        access([ACME], environment)

    assert all(name in caught.value.fix for name in (*ADMIN, *CLIENT))


def test_access__to_several_servers() -> None:
    """No server is sent the password of another."""
    other = realm("https://other.example/realms/acme")

    with pytest.raises(ProvisionFailed, match=r"id\.example/auth, https://other"):
        access([ACME, other], ADMIN)

    assert access([ACME, other], ADMIN, server="https://x/").url == "https://x"


@pytest.mark.parametrize(
    "server",
    [
        "id.example", "http://id.example", "ftp://x", "http:", "http://[::1",
        "https://id.example:port", "https://id.example/?x=#f", "https://id.example?",
        "https://id.example#", "https://adm@id.example", "https://id.example /",
    ],
)  # fmt: skip
def test_access__to_no_safe_address(server: str) -> None:
    with pytest.raises(ProvisionFailed, match="no address that a password"):
        access([ACME], ADMIN, server=server)


def test_access__takes_no_password_from_an_address() -> None:
    """It would be in the report, and in the list of processes."""
    with pytest.raises(ProvisionFailed) as caught:
        access([ACME], ADMIN, server="https://adm:sesame@id.example")

    assert "sesame" not in str(caught.value)
    assert "'https://***@id.example'" in caught.value.cause
    assert "environment variables" in caught.value.fix


def test_access__is_plain_where_the_issuer_is() -> None:
    plain = realm("http://keycloak:8080/realms/acme")

    assert access([plain], ADMIN, server="http://other:8080").url == "http://other:8080"
    assert access([ACME], ADMIN, server="http://127.0.0.1:8080").url


def test_client__may_provision(command: Command) -> None:
    command.environment = dict(CLIENT)

    assert "Plan: " in command.run()


@pytest.mark.parametrize(
    ("environment", "options", "cause", "fix"),
    [
        (
            {**ADMIN, "KEYCLOAK_ADMIN_PASSWORD": SECRET},
            [],
            "does not let 'admin' in at realm 'master'",
            "KEYCLOAK_ADMIN_PASSWORD",
        ),
        (
            {**CLIENT, "KEYCLOAK_ADMIN_CLIENT_SECRET": SECRET},
            [],
            "does not let client 'provisioner' in",
            "KEYCLOAK_ADMIN_CLIENT_SECRET",
        ),
        (
            ADMIN,
            ["--admin-realm", "none"],
            "no realm 'none' to log in",
            "--admin-realm",
        ),
        (ADMIN, ["--server", "http://127.0.0.1:9"], "No Keycloak answers", "--server"),
    ],
)
def test_failure__at_the_door(
    command: Command,
    environment: dict[str, str],
    options: list[str],
    cause: str,
    fix: str,
) -> None:
    command.environment = environment

    _, error = command.fails(2, *options)

    said, _, remedy = error.partition("\nFix: ")
    assert cause in said
    assert fix in remedy
    assert SECRET not in error


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (json_response({"error": "HTTP 403 Forbidden"}, status=403), "may not do POST"),
        (
            json_response({"errorMessage": "Realm name is bad"}, status=400),
            "Keycloak refuses POST realms (400): Realm name is bad.",
        ),
        (Response(status=500, body=b"<html>"), "Keycloak refuses POST realms (500)."),
        (Response(status=200, body=b"<html>"), "is not Keycloak's admin API"),
        (redirect("https://elsewhere.example/"), "redirects to another address"),
    ],
)
def test_failure__of_a_change(
    command: Command, api: AdminApi, answer: Response, cause: str
) -> None:
    """It says which change it was, and how many were made before."""
    api.refuses["POST realms"] = answer

    _, error = command.fails(2, "--apply")

    assert error.startswith("Realm settings of realm 'company-acme': ")
    assert cause in error
    assert "Changes made before: 0.\nFix: " in error


def test_failure__in_the_middle(command: Command, api: AdminApi) -> None:
    """What was done stays, and the next run goes on from there."""
    api.refuses["POST identity-provider/instances"] = json_response(
        {"errorMessage": "no"}, status=400
    )
    _, error = command.fails(2, "--apply")
    assert "Identity providers > corporate of realm 'company-acme'" in error
    assert "Changes made before: " in error
    assert ", Clients > app of realm 'company-acme'," in error
    api.refuses.clear()

    said = command.run("--apply")

    assert "+ Identity providers > corporate" in said
    assert "+ Clients > app\n" not in said


def test_ignored_change__is_an_error(command: Command, api: AdminApi) -> None:
    """Keycloak takes what it does not know without a word."""
    command.run("--apply")
    api.realms["company-acme"].itself["eventsEnabled"] = False
    api.forgets.add("")

    _, error = command.fails(2, "--apply")

    assert error.startswith("Keycloak took the changes without an error, and yet")
    assert "Realm settings of realm 'company-acme'" in error


def test_administrator_who_sees_little(command: Command, api: AdminApi) -> None:
    """Without view-realm Keycloak tells a realm's name and not much more."""
    command.run("--apply")
    api.realms["company-acme"].itself = {"realm": "company-acme"}

    _, error = command.fails(2, "--check")

    assert "may see little of realm 'company-acme'" in error


def test_realms__of_one_name_on_two_servers(command: Command) -> None:
    """Neither a plan nor a file could tell them apart."""
    realms = command.company.raw["REALMS"]
    other = {**realms["globex"], "ISSUER": "https://b.example/realms/company-acme"}
    raw = command.company.raw | {"REALMS": {**realms, "globex": other}}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(command.company), "raw", raw)
        _, error = command.fails(2, "--export", "nowhere")

    assert "Two servers have a realm 'company-acme'" in error
