"""Providers, their secrets, and who may exchange their tokens: planned."""

from __future__ import annotations

from typing import Any

import pytest

from kc_exchange.provision import ProvisionFailed
from kc_exchange.provision.change import Phase
from kc_exchange.provision.draft import Wanted
from kc_exchange.provision.found import Found
from kc_exchange.provision.planning import plan
from kc_exchange.provision.shared import Fresh, Shared
from tests.provision.plans import body, has, one, wants

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
    """Somebody deleted the broker's client; what the provider has is of no use.

    The provider gets the new one first: nobody could see later that it has the old.
    """
    begun = {"clientId": "broker", "secret": Fresh()}
    other = Wanted(
        name="other",
        issuer="https://id.example/realms/other",
        document={"realm": "other", "clients": [{"clientId": "broker"}]},
        first={"clients": [begun]},
    )
    wanted = wants(first={"identityProviders": [BEGUN]}, identityProviders=[PROVIDER])
    there = PROVIDER | {"config": {"clientId": "broker", "clientSecret": "*" * 10}}
    found = has(identityProviders=[there]) | {"other": Found({"realm": "other"})}

    client, provider = plan([other, wanted], found)

    assert client.place == "Clients > broker"
    assert [member.path[-1] for member in provider.members] == ["clientSecret"]
    assert body(provider)["config"]["clientSecret"] is body(client)["secret"]
    assert provider.phase < client.phase
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
