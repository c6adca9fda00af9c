"""Identity providers that are no realm, and whose tokens a realm takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kc_exchange.provision.brokers import BY_KEYS, endpoints
from kc_exchange.provision.rules import Unless

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.conf import Provider
    from kc_exchange.provision.draft import Draft


def external(draft: Draft, provider: Provider, found: Mapping[str, str]) -> None:
    """Want a provider; `found` are the endpoints that one of kind oidc publishes."""
    config = {**_config(provider, found)}
    if provider.client_id:
        config["clientId"] = provider.client_id
    draft.want(
        identityProviders=[
            {
                "alias": provider.alias,
                "providerId": provider.kind,
                "enabled": True,
                "config": config,
            }
        ]
    )
    secret = {"clientSecret": provider.client_secret} if provider.client_secret else {}
    begun = {"alias": provider.alias, "config": {**secret, "syncMode": "IMPORT"}}
    draft.begin(identityProviders=[begun])


def linked(draft: Draft, alias: str, client_id: str) -> None:
    """Want a realm to keep what a provider issues, for this client to ask for."""
    draft.want(identityProviders=[{"alias": alias, "storeToken": True}])
    draft.permit(alias, client_id)


def _config(provider: Provider, found: Mapping[str, str]) -> dict[str, Any]:
    match provider.kind:
        case "keycloak-oidc":
            known = {"issuer": provider.issuer, **endpoints(provider.issuer)}
            return known | BY_KEYS
        case "oidc":
            # Few providers but Keycloak write the claim `typ` that is looked for.
            given = {member: Unless(url) for member, url in found.items()}
            known = {"issuer": provider.issuer, **given}
            return known | BY_KEYS | {"disableTypeClaimCheck": "true"}
        case _:
            return {}
