"""What is wanted for providers that are no realms."""

from __future__ import annotations

import pytest

from kc_exchange.conf.parse import parse
from kc_exchange.provision import ProvisionFailed, exported
from kc_exchange.provision.documents import named, settled
from kc_exchange.provision.wanted import wanted
from tests.provision.company import NOWHERE
from tests.provision.wants import (
    ACME,
    client,
    clients,
    of,
    part,
)

PROVIDERS = {
    "PROVIDERS": {"corporate": {"ISSUER": "https://idp.example", "AUDIENCES": ["m"]}}
}


def test_external__of_the_generic_kind() -> None:
    raw = {
        "REALMS": {"default": ACME},
        "DOWNSTREAMS": {
            "photos": {
                "BASE_URL": NOWHERE,
                "STRATEGY": "external",
                "SUBJECT_ISSUER": "corporate",
            }
        },
        **PROVIDERS,
    }
    settings, _ = parse(raw, debug=False)
    assert settings is not None
    known = {"corporate": {"jwksUrl": "https://idp.example/keys"}}

    (found,) = wanted(settings, endpoints=known)

    config = part(found, "identityProviders", "corporate")["config"]
    assert settled(config) == {
        "issuer": "https://idp.example",
        "jwksUrl": "https://idp.example/keys",
        "useJwksUrl": "true",
        "validateSignature": "true",
        "disableTypeClaimCheck": "true",
    }
    assert found.permitted == {"corporate": {"app"}}
    assert client(found, "app")["attributes"]


@pytest.mark.parametrize("kind", ["google", "github"])
def test_external__of_a_known_kind(kind: str) -> None:
    """Keycloak knows where they are; it has a client of its own there."""
    one = {"KIND": kind, "AUDIENCES": ["*"], "CLIENT_ID": "ours", "CLIENT_SECRET": "s"}
    found = of(more={"PROVIDERS": {kind: one}})["acme"]

    provider = part(found, "identityProviders", kind)
    assert provider["config"] == {"clientId": "ours"}
    assert provider["providerId"] == kind
    made = named(found.whole["identityProviders"], "identityProviders", kind)
    assert made is not None
    assert made["config"]["clientSecret"] == "s"


def test_external__another_keycloak() -> None:
    """Its tokens have a `typ`, so that stays checked."""
    one = {
        "KIND": "keycloak-oidc",
        "ISSUER": "https://id.partner.example/realms/staff",
        "AUDIENCES": ["*"],
    }
    found = of(more={"PROVIDERS": {"partner": one}})["acme"]

    config = part(found, "identityProviders", "partner")["config"]
    base = "https://id.partner.example/realms/staff/protocol/openid-connect"
    assert settled(config)["userInfoUrl"] == f"{base}/userinfo"
    assert "disableTypeClaimCheck" not in config


def test_linked__keeps_the_providers_token() -> None:
    downstream = {"STRATEGY": "linked", "REQUESTED_ISSUER": "corporate"}
    found = of(downstream, more=PROVIDERS)["acme"]

    assert part(found, "identityProviders", "corporate")["storeToken"] is True
    assert found.permitted == {"corporate": {"app"}}
    assert "orders-api" not in clients(found)


def test_linked__of_a_provider_that_nothing_describes() -> None:
    """A file without its kind is one that no Keycloak imports: none is written."""
    github = {"STRATEGY": "linked", "REQUESTED_ISSUER": "github", "BASE_URL": NOWHERE}
    raw = {"REALMS": {"default": ACME}, "DOWNSTREAMS": {"repositories": github}}
    settings, _ = parse(raw, debug=False)
    assert settings is not None

    with pytest.raises(ProvisionFailed, match="'github'") as caught:
        exported(wanted(settings, endpoints={}), with_secrets=True)

    assert "PROVIDERS" in caught.value.fix
