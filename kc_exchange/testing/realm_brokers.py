"""Read identity providers and admin permissions of a realm export."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from kc_exchange.testing.authorization import Policy
from kc_exchange.testing.brokers.model import (
    GITHUB,
    GOOGLE,
    KEYCLOAK,
    IdentityProvider,
    Link,
)
from kc_exchange.testing.permissions import OWNER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.testing.authorization import Authorization
    from kc_exchange.testing.model import Realm

GOOGLE_USER_INFO = "https://openidconnect.googleapis.com/v1/userinfo"
GITHUB_API = "https://api.github.com"


def add_providers(realm: Realm, document: Mapping[str, Any]) -> None:
    """Add the export's identity providers, sorted by alias as Keycloak asks them."""
    entries = document.get("identityProviders") or ()
    for entry in sorted(entries, key=lambda entry: str(entry["alias"])):
        realm.providers[entry["alias"]] = _provider(entry)


def _provider(entry: Mapping[str, Any]) -> IdentityProvider:
    given = entry.get("config") or {}
    config = {key: str(value) for key, value in given.items() if value is not None}
    kind = entry["providerId"]
    return IdentityProvider(
        alias=entry["alias"],
        internal_id=entry.get("internalId") or str(uuid4()),
        kind=kind,
        enabled=bool(entry.get("enabled", True)),
        store_token=bool(entry.get("storeToken", False)),
        trust_email=bool(entry.get("trustEmail", False)),
        config=_settled(kind, config),
    )


def _settled(kind: str, config: dict[str, str]) -> dict[str, str]:
    """Return the settings together with those that a kind of provider brings.

    Keycloak asks Google at an address of its own, whatever the export says; here
    `userInfoUrl` may name a stand-in.
    """
    if kind == KEYCLOAK:
        return config | {"isAccessTokenJWT": "true"}
    if kind == GOOGLE:
        return {"userInfoUrl": GOOGLE_USER_INFO} | config
    if kind == GITHUB:
        address = (config.get("apiUrl") or GITHUB_API).rstrip("/")
        return config | {"userInfoUrl": f"{address}/user"}
    return config


def read_links(entry: Mapping[str, Any]) -> dict[str, Link]:
    """Read the `federatedIdentities` of a user: their accounts, by alias."""
    return {
        link["identityProvider"]: Link(
            user_id=link["userId"], username=link.get("userName") or ""
        )
        for link in entry.get("federatedIdentities") or ()
    }


def add_permissions(authorization: Authorization, document: Mapping[str, Any]) -> None:
    """Add what the export's `realm-management` has as `authorizationSettings`."""
    for client in document.get("clients") or ():
        if client["clientId"] == OWNER:
            settings = client.get("authorizationSettings") or {}
            _add_settings(authorization, settings)


def _add_settings(authorization: Authorization, settings: Mapping[str, Any]) -> None:
    authorization.resources |= {
        resource["name"] for resource in settings.get("resources") or ()
    }
    for entry in settings.get("policies") or ():
        policy = Policy(
            name=entry["name"],
            kind=entry["type"],
            negative=entry.get("logic") == "NEGATIVE",
            strategy=entry.get("decisionStrategy") or "UNANIMOUS",
            config=dict(entry.get("config") or {}),
        )
        authorization.add(policy)
    for policy in authorization.policies.values():
        for name in policy.listed("applyPolicies"):
            _ = authorization.policies[name]
