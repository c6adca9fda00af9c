"""The secret of a broker: its client in one realm has it, and a provider in another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kc_exchange.testing.messages import json_response

if TYPE_CHECKING:
    from tests.provision.commands import Command
    from tests.provision.stub.server import AdminApi


def test_shared_secret__of_a_realm_that_is_not_there(command: Command) -> None:
    """The provider's client is in the other realm, which was left out."""
    _, error = command.fails(2, "--apply", "--realm", "shared")

    assert "Realm 'company-acme' has no client 'company-shared-broker'" in error
    assert "Provision 'company-acme' first" in error


def test_shared_secret__of_a_realm_that_was_there(
    command: Command, api: AdminApi
) -> None:
    """It is read from the client, for the provider to have the same."""
    command.run("--apply", "--realm", "default", "--realm", "globex")
    command.run("--apply", "--realm", "shared")

    acme = api.realms["company-acme"].clients.values()
    broker = next(c for c in acme if c["clientId"] == "company-shared-broker")
    provider = api.realms["company-shared"].providers["acme"]
    assert provider["config"]["clientSecret"] == broker["secret"]


@pytest.mark.parametrize("chosen", [{}, {"secret": "chosen"}])
@pytest.mark.parametrize("fails", ["PUT identity-provider/instances/acme", "client"])
def test_shared_secret__survives_a_failure_between_the_two(
    command: Command, api: AdminApi, fails: str, chosen: dict[str, str]
) -> None:
    """Keycloak hides a provider's secret: the next run could not see the old one."""
    command.run("--apply")
    acme = api.realms["company-acme"].clients
    key = next(k for k, c in acme.items() if c["clientId"] == "company-shared-broker")
    if chosen:
        broker = {"clientId": "company-shared-broker", **chosen}
        command.company.people["default"]["clients"].append(broker)
    else:
        del acme[key]
    call = fails if fails != "client" else "POST clients"
    if fails == "client" and chosen:
        call = f"PUT clients/{key}"
    api.refuses[call] = json_response({"errorMessage": "no"}, status=500)
    command.fails(2, "--apply")
    api.refuses.clear()

    command.run("--apply")

    broker = next(c for c in acme.values() if c["clientId"] == "company-shared-broker")
    provider = api.realms["company-shared"].providers["acme"]
    assert provider["config"]["clientSecret"] == broker["secret"]
    assert command.run("--check").startswith("Nothing to change")
