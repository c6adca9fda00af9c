"""Describe identity providers, and the accounts that users have there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

OIDC, KEYCLOAK, GOOGLE = "oidc", "keycloak-oidc", "google"
GITHUB = "github"
ASSERTIONS = "jwt-authorization-grant"
OPENID = (OIDC, KEYCLOAK, GOOGLE)


@dataclass(slots=True, kw_only=True)
class IdentityProvider:
    """Describe an identity provider of a realm, in the words of its export.

    `kind` is the export's `providerId`.
    """

    alias: str
    internal_id: str
    kind: str
    enabled: bool = True
    store_token: bool = False
    trust_email: bool = False
    config: dict[str, str] = field(default_factory=dict, repr=False)

    def on(self, key: str) -> bool:
        """Tell whether the named setting is "true"."""
        return self.config.get(key) == "true"

    def number(self, key: str, otherwise: int = 0) -> int:
        """Return the named setting as a number."""
        value = self.config.get(key, "")
        return int(value) if value.isdecimal() else otherwise

    @property
    def issuers(self) -> list[str]:
        """Return the issuers whose tokens are the provider's."""
        named = self.config.get("issuer", "")
        return [issuer.strip() for issuer in named.split(",")] if named else []

    @property
    def shortest_validity(self) -> int:
        """Return for how many seconds a token must be good to be passed on."""
        return self.number("minValidityToken") or 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Join a user to an account of theirs at an identity provider.

    `user_id` and `username` are the account's there. `reply` is what the provider's
    token endpoint answered last, if the provider's tokens are stored.
    """

    user_id: str
    username: str
    reply: Json | None = field(default=None, repr=False)


@dataclass(slots=True, kw_only=True)
class ExternalIdentity:
    """Hold what an identity provider says of a user of its own."""

    id: str
    username: str | None = None
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    from_id_token: bool = False
