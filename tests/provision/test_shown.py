"""What the command never says: secrets, whatever they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.provision.company import PASSWORD, SECRET

if TYPE_CHECKING:
    from pathlib import Path

    from tests.provision.commands import Command
    from tests.provision.stub.server import AdminApi


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
