"""Providers, their secrets, and who may exchange their tokens: planned."""

from __future__ import annotations

from typing import Any

import pytest

from kc_exchange.provision import ProvisionFailed
from kc_exchange.provision.change import Phase
from kc_exchange.provision.draft import Wanted
from kc_exchange.provision.found import Found
from kc_exchange.provision.planning import plan
from kc_exchange.provision.rules import Unless
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


@pytest.mark.parametrize("url", ["http://keycloak:8080/userinfo", None, ""])
def test_plan__leaves_the_endpoints_that_a_provider_has(url: str | None) -> None:
    """Keycloak may reach the provider by a name that browsers do not know."""
    usual = "https://id.example/userinfo"
    config = {"issuer": "https://id.example", "userInfoUrl": Unless(usual)}
    wanted = wants(identityProviders=[{"alias": "acme", "config": config}])
    there = {"alias": "acme", "config": {**config, "userInfoUrl": url}}

    changes = plan([wanted], has(identityProviders=[there]))

    expected = [] if url else [usual]
    assert [m.after for change in changes for m in change.members] == expected


def test_plan__moves_the_endpoints_with_the_issuer() -> None:
    """Those of the former issuer are of no use."""
    config = {"issuer": "https://new.example", "tokenUrl": Unless("https://new/token")}
    wanted = wants(identityProviders=[{"alias": "acme", "config": config}])
    before = {"issuer": "https://old.example", "tokenUrl": "https://old/token"}

    change = one(wanted, has(identityProviders=[{"alias": "acme", "config": before}]))

    assert [m.after for m in change.members] == [
        "https://new.example",
        "https://new/token",
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
