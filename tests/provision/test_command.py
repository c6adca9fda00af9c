"""`manage.py kc_exchange provision`: plan, exit codes, and what it never says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.provision.company import PASSWORD, SECRET

if TYPE_CHECKING:
    from pathlib import Path

    from tests.provision.commands import Command
    from tests.provision.stub.server import AdminApi

NEEDED = "token-exchange,admin-fine-grained-authz:v1"


def test_plan__says_what_is_missing_and_changes_nothing(
    command: Command, api: AdminApi
) -> None:
    said = command.run()

    assert said.startswith("Realm company-acme\n  + Realm settings\n")
    assert "  + Clients > app\n" in said
    assert "      Settings > Capability config > Standard Token Exchange: on\n" in said
    assert "      Mappers: audience orders-api\n" in said
    assert "  ~ Clients > app > Client scopes > Optional: + orders:read\n" in said
    assert "  ~ Identity providers > acme > Permissions" in said
    assert "to create," in said
    assert said.endswith(f"This needs Keycloak with --features={NEEDED}.\n")
    assert (api.calls, api.realms) == ([], {})


def test_apply__does_it_once(command: Command, api: AdminApi) -> None:
    """The second time there is nothing to do, and nothing is sent."""
    done = command.run("--apply")

    assert "Done: " in done
    assert set(api.realms) == {"company-acme", "company-globex", "company-shared"}
    api.calls.clear()
    assert command.run("--apply").startswith("Nothing to change: 3 realms are as ")
    assert command.run("--check").startswith("Nothing to change: 3 realms are as ")
    assert api.calls == []


def test_check__of_an_empty_server(command: Command) -> None:
    out, error = command.fails(1, "--check")

    assert "+ Realm settings" in out
    assert error.startswith("Not as wanted: Realm settings, and ")
    assert "--apply" in error


def test_json__is_the_plan(command: Command) -> None:
    command.run("--apply", "--realm", "default")

    found = command.document()

    assert {one["realm"] for one in found["changes"]} == {
        "company-globex",
        "company-shared",
    }
    first = found["changes"][0]
    assert (first["kind"], first["place"]) == ("create", "Realm settings")
    assert first["call"] == "POST realms"
    assert found["features"] == {"needed": NEEDED.split(","), "missing": []}


def test_realm__limits_it_to_one(command: Command, api: AdminApi) -> None:
    """An alias stands for all that share its issuer."""
    command.run("--apply", "--realm", "support")

    assert set(api.realms) == {"company-acme"}
    assert command.document("--realm", "default")["realms"] == ["company-acme"]


def test_unknown_realm__is_an_error(command: Command) -> None:
    _, error = command.fails(2, "--realm", "nowhere")

    assert "no realm 'nowhere'" in error


@pytest.mark.parametrize(
    ("features", "lacks"),
    [
        ((), "token-exchange, admin-fine-grained-authz:v1"),
        (("token-exchange",), "admin-fine-grained-authz:v1"),
    ],
)
def test_missing_feature__is_named_and_the_rest_is_done(
    command: Command, api: AdminApi, features: tuple[str, ...], lacks: str
) -> None:
    """Exit 2: what needs the feature was not done, and cannot be."""
    api.features -= {"token-exchange", "admin-fine-grained-authz:v1"} - set(features)

    out, error = command.fails(2, "--apply")

    assert "Done: " in out
    assert f"--features={NEEDED}; it lacks {lacks}.\n" in out
    assert "Not done for that: Identity providers > corporate" in error
    assert f"--features={NEEDED}. Then run it again." in error
    _, error = command.fails(1, "--check")
    assert "Identity providers > corporate > Permissions > token-exchange" in error
    assert f"--features={NEEDED}. Run `manage.py kc_exchange provision" in error


def test_missing_feature__is_a_difference_of_its_own(
    command: Command, api: AdminApi
) -> None:
    """All is as wanted in the realm, and impersonation does not work all the same."""
    command.run("--apply")
    api.features.remove("token-exchange")

    out, error = command.fails(1, "--check")

    assert out.startswith("Nothing to change")
    assert error.startswith("The server lacks the feature token-exchange.\nFix: Start")
    command.fails(2, "--apply")


def test_switched_off_feature__must_be_named_at_the_start(
    command: Command, api: AdminApi
) -> None:
    """What is on by itself is named only where somebody switched it off."""
    api.features.remove("token-exchange-standard")

    said = command.run()

    needed = f"{NEEDED},token-exchange-standard"
    assert f"--features={needed}; it lacks token-exchange-standard.\n" in said


def test_no_secret__is_ever_said(command: Command, tmp_path: Path) -> None:
    """Neither ours, nor people's passwords, nor those that are made on the way."""
    command.run()
    command.run("--json")
    command.run("--apply")
    command.run("--json")
    command.run("--export", tmp_path / "out")
    command.fails(2, "--server", "http://127.0.0.1:9")

    said = "".join(command.said)

    assert SECRET not in said
    assert PASSWORD not in said
    assert "made-for-" not in said
    assert "***" in said
    written = "".join(path.read_text() for path in (tmp_path / "out").iterdir())
    assert SECRET not in written
    assert PASSWORD not in written


PLANTED: dict[str, Any] = {
    "clients": [
        {
            "clientId": "app",
            "registrationAccessToken": SECRET,
            "attributes": {"client.secret.rotated": SECRET},
            "redirectUris": [f"https://adm:{SECRET}@app.example/"],
        }
    ],
    "identityProviders": [
        {
            "alias": "corporate",
            "config": {
                "passphrase": SECRET,
                "apiToken": SECRET,
                "logoutUrl": f"https://adm:{SECRET}@id.example/",
            },
        }
    ],
    "attributes": {"apiKey": SECRET, "my.token": SECRET},
    "smtpServer": {"host": "mail.example", "password": SECRET},
}


def test_no_secret__of_a_realm_file_is_said(command: Command) -> None:
    """Whatever it is called, and in whatever URL; neither as new nor as changed."""
    command.run("--apply")
    command.company.people["support"] = PLANTED

    command.fails(1, "--check")
    command.run("--json")
    text = command.run("--apply")
    command.company.people["support"] = {"realm": "company-acme", "displayName": "Acme"}
    command.company.people["default"]["attributes"] = {"apiKey": "another"}
    command.run()

    assert SECRET not in "".join(command.said)
    assert "config.passphrase: *** -> ***" in text
    assert "Valid redirect URIs: + https://***@app.example/" in text


def test_secret__that_differs_is_changed_unseen(
    command: Command, api: AdminApi
) -> None:
    command.run("--apply")
    realm = api.realms["company-acme"]
    client = next(c for c in realm.clients.values() if c["clientId"] == "app")
    client["secret"] = "another-secret-of-somebody"

    out, error = command.fails(1, "--check")

    assert "~ Clients > app > Credentials > Client Secret: *** -> ***\n" in out
    assert "Clients > app > Credentials > Client Secret" in error
    command.run("--apply")
    assert client["secret"] == f"app-{SECRET}"
    assert "another-secret-of-somebody" not in "".join(command.said)


def test_failure__as_json(command: Command) -> None:
    """A program that reads the output learns of it, too."""
    del command.environment["KEYCLOAK_ADMIN_PASSWORD"]

    out, error = command.fails(2, "--json")

    assert json.loads(out) == {"exit_code": 2, "error": error}
    assert "KEYCLOAK_ADMIN_PASSWORD" in error


def test_standard_exchange_alone__needs_no_feature(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = command.company.raw
    few = {
        "REALMS": {"default": raw["REALMS"]["default"]},
        "DOWNSTREAMS": {"orders-api": raw["DOWNSTREAMS"]["orders-api"]},
        "IMPERSONATION": {"AT_KEYCLOAK": "never"},
    }
    monkeypatch.setattr(type(command.company), "raw", few)

    assert command.run().endswith("Keycloak needs no --features for this.\n")


def test_with_secrets__goes_with_export(command: Command) -> None:
    _, error = command.fails(2, "--with-secrets")

    assert "--export" in error


def test_master__is_refused(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        type(command.company),
        "names",
        dict.fromkeys(("acme", "globex", "shared"), "master"),
    )
    command.company.prefix = ""

    _, error = command.fails(2)

    assert "leads to no realm of applications" in error
