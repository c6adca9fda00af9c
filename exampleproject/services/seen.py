"""Tell the caller what a service saw of its token: claims, never the token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rest_framework.request import Request

    from kc_exchange.jwt_validation import Claims

_SHOWN = ("iss", "aud", "azp", "sub", "scope", "act", "jti", "exp")


def claims_of(request: Request) -> Claims:
    """Return what KeycloakBearerAuthentication found in the token."""
    return cast("Claims", request.auth)


def seen(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims that say whom a token is for, and who uses it."""
    found: dict[str, Any] = {name: claims.get(name) for name in _SHOWN}
    audience = found["aud"]
    found["aud"] = [audience] if isinstance(audience, str) else list(audience or ())
    found["scope"] = sorted(str(found["scope"] or "").split())
    return found
