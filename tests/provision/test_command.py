"""`manage.py kc_exchange provision`: plan, exit codes, and what it never says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
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
    assert found["exit_code"] == 0
    assert found["features"] == {"needed": NEEDED.split(","), "missing": []}


def test_json__says_how_it_ends(command: Command, api: AdminApi) -> None:
    out, _ = command.fails(1, "--check", "--json")
    assert json.loads(out)["exit_code"] == 1
    api.features.remove("token-exchange")

    out, _ = command.fails(2, "--apply", "--json")

    assert json.loads(out)["exit_code"] == 2
    assert command.document()["exit_code"] == 0


def test_lifespan__concerns_others(command: Command, api: AdminApi) -> None:
    """Who reads the plan has other applications in that realm."""
    command.run("--apply")
    api.realms["company-acme"].itself["accessTokenLifespan"] = 3600

    said = command.run()

    assert (
        "~ Realm settings > Tokens > Access Token Lifespan: 3600 -> 300 "
        "(for all clients of the realm that have none of their own)\n"
    ) in said


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
    assert " changed; 3 not done, for want of a feature.\n" in out
    assert f"--features={NEEDED}; it lacks {lacks}.\n" in out
    again, _ = command.fails(2, "--apply")
    assert "Done: 0 created, 0 changed; 3 not done, for want of a feature.\n" in again
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
