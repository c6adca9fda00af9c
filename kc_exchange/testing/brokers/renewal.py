"""Renew a token at the identity provider that issued it."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from kc_exchange.testing.errors import failed
from kc_exchange.testing.fetching import post

if TYPE_CHECKING:
    from kc_exchange.testing.brokers.model import IdentityProvider, Json

BASIC = "client_secret_basic"
LOWEST_OK, LOWEST_OTHER = 200, 300


def renewed(provider: IdentityProvider, refresh_token: str | None) -> Json | None:
    """Return the reply of the provider's token endpoint (RFC 6749 section 6).

    None means that the provider refuses. Keycloak asks even without a refresh token.

    Raises:
        OAuthError: the provider does not answer, on which Keycloak fails.
    """
    form = {"grant_type": "refresh_token"}
    if refresh_token is not None:
        form["refresh_token"] = refresh_token
    name = provider.config.get("clientId", "")
    secret = provider.config.get("clientSecret", "")
    headers: dict[str, str] = {}
    if provider.config.get("clientAuthMethod") == BASIC:
        pair = f"{quote_plus(name)}:{quote_plus(secret)}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    else:
        form |= {"client_id": name, "client_secret": secret}
    try:
        answer = post(provider.config["tokenUrl"], form, headers)
        if not LOWEST_OK <= answer.status < LOWEST_OTHER:
            return None
        reply: Json = answer.json()
    except (OSError, KeyError, ValueError):
        raise failed() from None
    return None if "error" in reply else reply
