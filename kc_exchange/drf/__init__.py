"""Take Keycloak's access tokens as the authentication of a Django REST framework API.

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["kc_exchange.drf.KeycloakBearerAuthentication"],
}
permission_classes = [HasScope("orders:read") & HasRealmRole("staff")]
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kc_exchange.drf.authentication import KeycloakBearerAuthentication
from kc_exchange.drf.impersonation import NotWhileImpersonating
from kc_exchange.drf.permissions import HasClientRole, HasRealmRole, HasScope

__all__ = [
    "ExternalTokenView",
    "HasClientRole",
    "HasRealmRole",
    "HasScope",
    "KeycloakBearerAuthentication",
    "NotWhileImpersonating",
]

if TYPE_CHECKING:
    from kc_exchange.drf.external import ExternalTokenView


def __getattr__(name: str) -> Any:
    """Import the view on first use: REST framework's views import this package."""
    if name == "ExternalTokenView":
        return import_module("kc_exchange.drf.external").ExternalTokenView
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
