"""What the settings ask of Keycloak: said once, for `provision` and for `doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings as django_settings

from kc_exchange.conf import Impersonation

if TYPE_CHECKING:
    from kc_exchange.conf import Realm, Settings, Strategy

STANDARD_STRATEGIES: frozenset[Strategy] = frozenset(
    {"exchange", "cross-realm", "external", "jwt-grant"}
)
"""What needs the standard exchange."""
LEGACY_STRATEGIES: frozenset[Strategy] = frozenset(
    {"cross-realm", "external", "linked"}
)
"""What needs the legacy exchange, as impersonation does."""
SHORTEST, LONGEST = 60, 300
"""Seconds that a downstream's token should live: logging out does not reach it."""
MANAGEMENT = "realm-management"
"""Keycloak's own client in each realm; its roles are an administrator's powers."""
IMPERSONATION_ROLE = "impersonation"
"""The role of it that lets an operator impersonate."""
BUILT_IN = frozenset(
    {
        "openid", "profile", "email", "address", "phone", "offline_access", "roles",
        "web-origins", "acr", "basic", "microprofile-jwt", "organization",
        "service_account",
    }
)  # fmt: skip
"""Scopes that mean the same in every realm: they bring no audience."""
_MIDDLEWARE = "kc_exchange.middleware.ImpersonationMiddleware"


def impersonates(settings: Settings) -> bool:
    """Tell whether Keycloak takes part in impersonation.

    It does where this project runs the middleware, and where IMPERSONATION is set for
    another one that shares these settings.
    """
    known = settings.impersonation
    is_used = _MIDDLEWARE in django_settings.MIDDLEWARE or known != Impersonation()
    return is_used and known.at_keycloak != "never"


def server_of(realm: Realm) -> str:
    """Return where Keycloak is reached from here: what stands before /realms/."""
    return (realm.discovery_url or realm.issuer).rpartition("/realms/")[0]
