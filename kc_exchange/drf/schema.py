"""Describe the authentication in an OpenAPI schema of drf-spectacular.

The app imports this module where drf-spectacular is installed; that registers it.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class KeycloakBearerScheme(OpenApiAuthenticationExtension):  # type: ignore[misc]
    """`http` / `bearer`, with the tokens' format."""

    target_class = "kc_exchange.drf.KeycloakBearerAuthentication"
    match_subclasses = True
    name = "keycloak"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ARG002
        """Return the security scheme (OpenAPI 3, Security Scheme Object)."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
