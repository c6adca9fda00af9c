"""Check when and for whom an assertion is good (RFC 7523 section 3)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from kc_exchange.testing.brokers.model import ASSERTIONS
from kc_exchange.testing.errors import OAuthError
from kc_exchange.testing.identity import audience_list

if TYPE_CHECKING:
    from kc_exchange.testing.brokers.model import IdentityProvider, Json
    from kc_exchange.testing.context import RealmServer
    from kc_exchange.testing.model import Client

AUDIENCE = "oauth2.jwt.authorization.grant.audience"
LONGEST = "jwtAuthorizationGrantMaxAllowedAssertionExpiration"
REUSE = "jwtAuthorizationGrantAssertionReuseAllowed"


def _refusal(description: str) -> OAuthError:
    return OAuthError("invalid_grant", description)


def check_use(server: RealmServer, provider: IdentityProvider, claims: Json) -> None:
    """Refuse an assertion that is not active or, unless it may be, was used before.

    It counts as used from here on, even if the grant is refused for another cause.

    Raises:
        OAuthError: a claim about time or the id is missing or does not fit.
    """
    lasting = _check_times(server, provider, claims)
    if provider.on(REUSE):
        return
    identifier = claims.get("jti")
    if identifier is None:
        raise _refusal("Token jti claim is required")
    ends_at = server.clock.seconds() + lasting
    if not server.sessions.first_use(f"grant:{identifier}", ends_at):
        raise _refusal("Token reuse detected")


def _check_times(server: RealmServer, provider: IdentityProvider, claims: Json) -> int:
    """Return for how many seconds the assertion is remembered."""
    now, skew = server.clock.seconds(), _skew(provider)
    longest = provider.number(LONGEST, 300)
    ends_at, issued_at = claims.get("exp"), claims.get("iat")
    if ends_at is None:
        raise _refusal("Token exp claim is required")
    if now > ends_at > 0 or now + skew < (claims.get("nbf") or 0):
        raise _refusal("Token is not active")
    lasting = int(ends_at) - now
    if issued_at is None:
        if lasting > longest:
            raise _refusal(
                "Token expiration is too far in the future and iat claim not present "
                "in token"
            )
        return lasting
    if issued_at - skew > now:
        raise _refusal("Token was issued in the future")
    if lasting <= 0:
        raise _refusal("Token is not active")
    if now > issued_at + longest:
        raise _refusal("Token was issued too far in the past to be used now")
    return min(lasting, longest)


def _skew(provider: IdentityProvider) -> int:
    own = provider.kind == ASSERTIONS
    key = "jwtAuthorizationGrantAllowedClockSkew" if own else "allowedClockSkew"
    return provider.number(key)


def allowed_audience(
    server: RealmServer, client: Client, provider: IdentityProvider
) -> list[str]:
    """Return whom an assertion of the provider may be for when this client sends it.

    It is what the client's own attribute says; or else the client id that the realm
    has at the provider, if that is allowed; or else issuer and token endpoint.
    """
    entries = json.loads(client.attributes.get(AUDIENCE) or "[]")
    own = [entry["value"] for entry in entries if entry["key"] == provider.alias]
    if own:
        return own
    if provider.kind != ASSERTIONS and provider.on("allowClientIdAsAudience"):
        return [provider.config["clientId"]]
    return [server.issuer, f"{server.protocol_url}/token"]


def check_audience(allowed: list[str], claims: Json) -> None:
    """Refuse an assertion for others, or for more than one.

    Raises:
        OAuthError: its audience is another one.
    """
    audience = audience_list(claims)
    if not set(allowed) & set(audience):
        raise _refusal("Invalid token audience")
    if len(audience) > 1:
        raise _refusal("Multiple audiences not allowed")
