"""Take Keycloak's access tokens as the authentication of a Django REST framework API.

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["kc_exchange.drf.KeycloakBearerAuthentication"],
}
permission_classes = [HasScope("orders:read") & HasRealmRole("staff")]
"""

from __future__ import annotations

from kc_exchange.drf.authentication import KeycloakBearerAuthentication
from kc_exchange.drf.impersonation import NotWhileImpersonating
from kc_exchange.drf.permissions import HasClientRole, HasRealmRole, HasScope

__all__ = [
    "HasClientRole",
    "HasRealmRole",
    "HasScope",
    "KeycloakBearerAuthentication",
    "NotWhileImpersonating",
]
