"""Find out whom an external token stands for, as Keycloak's providers do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kc_exchange.testing.brokers.model import (
    GITHUB,
    GOOGLE,
    KEYCLOAK,
    OIDC,
    ExternalIdentity,
)
from kc_exchange.testing.brokers.profiles import github_identity, openid_identity
from kc_exchange.testing.brokers.signed_tokens import is_signed_by, read_external
from kc_exchange.testing.errors import OAuthError, failed
from kc_exchange.testing.fetching import fetch
from kc_exchange.testing.token_types import ACCESS, ID, JWT

if TYPE_CHECKING:
    from kc_exchange.testing.brokers.model import IdentityProvider, Json
    from kc_exchange.testing.context import RealmServer
    from kc_exchange.testing.grants.attempt import Attempt

TYPES = ("ID", "Bearer", "at+jwt", "application/at+jwt")
"""The values of `typ` that an external token may have."""
OK = 200


class Validation:
    """Validate one external token by the rules of its provider.

    Args:
        server: the realm that is asked to take the token.
        provider: where the token is said to come from.
        attempt: what is to become known of the exchange.
    """

    def __init__(
        self, server: RealmServer, provider: IdentityProvider, attempt: Attempt
    ) -> None:
        self._server = server
        self._provider = provider
        self._attempt = attempt

    def run(self, token: str, kind: str) -> ExternalIdentity:
        """Return whom the token of that type stands for.

        Raises:
            OAuthError: the token does not stand; error and text are Keycloak's.
        """
        return RULES[self._provider.kind](self, token, kind)

    def openid(self, token: str, kind: str) -> ExternalIdentity:
        """Ask for an access token's user, and take other types by their signature."""
        if kind == ACCESS:
            return self._by_user_info(token, kind)
        if kind in (JWT, ID):
            return self.signed(token, kind)
        raise wrong_type()

    def signed(self, token: str, kind: str) -> ExternalIdentity:
        """Take a token by its signature, if the provider checks signatures at all."""
        if self._provider.on("validateSignature"):
            return self._by_signature(token, kind)
        return self._by_user_info(token, kind)

    def opaque(self, token: str, kind: str) -> ExternalIdentity:
        """Ask for an access token's user, and take no other type."""
        if kind != ACCESS:
            raise wrong_type()
        return self._by_user_info(token, kind)

    def _by_user_info(self, token: str, kind: str) -> ExternalIdentity:
        self._attempt.validation_method = "user info"
        address = self._user_info_url()
        if not address:
            raise refused("user info service disabled")
        told = self._told(address, token)
        if told is None:
            raise refused("user info call failure")
        if self._provider.kind == GITHUB:
            return github_identity(told)
        if told.get("sub") is None:
            raise refused("sub claim is null from user info json")
        own = kind == ACCESS and self._provider.on("isAccessTokenJWT")
        if kind == ID or own:
            self._claims(token)
        identity = openid_identity(told)
        identity.from_id_token = kind == ID
        return identity

    def _user_info_url(self) -> str:
        disabled = self._provider.on("disableUserInfo")
        return "" if disabled else self._provider.config.get("userInfoUrl", "")

    def _told(self, address: str, token: str) -> Json | None:
        try:
            answer = fetch(address, bearer=token)
            told = answer.json() if answer.status == OK else None
        except (OSError, ValueError):
            return None
        return told if isinstance(told, dict) else None

    def _by_signature(self, token: str, kind: str) -> ExternalIdentity:
        self._attempt.validation_method = "signature"
        claims = self._claims(token)
        checked = not self._provider.on("disableTypeClaimCheck")
        if checked and claims.get("typ") not in TYPES:
            raise OAuthError("invalid_token", "token type not supported")
        if claims.get("sub") is None:
            raise failed()
        address = self._user_info_url() if kind != ID else ""
        told = self._told(address, token) if address else claims
        if told is None or told.get("sub") is None:
            raise failed()
        identity = openid_identity(told)
        identity.from_id_token = True
        return identity

    def _claims(self, text: str) -> Json:
        """Return the token's claims; whom it is for is not looked at."""
        token = read_external(text)
        signed = self._provider.on("validateSignature")
        claims = token.claims
        good = not signed or is_signed_by(token, self._provider)
        if claims is None or not good or not self._fits(claims):
            raise refused("token validation failure")
        return claims

    def _fits(self, claims: Json) -> bool:
        now = self._server.clock.seconds()
        skew = self._provider.number("allowedClockSkew")
        issuers = self._provider.issuers
        active = not claims.get("exp") or now <= claims["exp"]
        begun = claims.get("nbf") is None or now + skew >= claims["nbf"]
        return active and begun and (not issuers or claims.get("iss") in issuers)


def refused(reason: str) -> OAuthError:
    """Return the refusal of an external token; only the event says why."""
    return OAuthError("invalid_token", "invalid token", reason=reason)


def wrong_type() -> OAuthError:
    """Return the refusal of a type that the provider's tokens do not have."""
    reason = "subject_token_type invalid"
    return OAuthError("invalid_token", "invalid token type", reason=reason)


Rule = Callable[[Validation, str, str], ExternalIdentity]
RULES: dict[str, Rule] = {
    OIDC: Validation.openid,
    KEYCLOAK: Validation.signed,
    GOOGLE: Validation.opaque,
    GITHUB: Validation.opaque,
}
