"""Log in with mozilla-django-oidc and keep the tokens, the refresh token included.

`AUTHENTICATION_BACKENDS = ["kc_exchange.login.mozilla.KeycloakOIDCBackend"]`
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import jwt
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import SuspiciousOperation
from django.shortcuts import resolve_url
from django.views.decorators.debug import sensitive_variables
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from kc_exchange import capture, conf
from kc_exchange.models import user_of
from kc_exchange.tokens import TokenSet

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser
    from django.http import HttpRequest

_REQUIRED = ["iss", "sub", "aud", "exp", "iat"]


class KeycloakOIDCBackend(OIDCAuthenticationBackend):  # type: ignore[misc]
    """Find the user by issuer and subject, never by e-mail; keep the tokens sealed.

    The issuer is that of the realm `default` in `KC_EXCHANGE`. Who the user is, and
    whether one is created, is for the function in `USER_FROM_CLAIMS` to say; it gets
    the claims of the ID token.
    """

    @sensitive_variables()
    def authenticate(
        self, request: HttpRequest | None, **kwargs: Any
    ) -> AbstractBaseUser | None:
        """Log in with an authorization code; an error report shows no token."""
        user: AbstractBaseUser | None = super().authenticate(request, **kwargs)
        return user

    def get_token(self, payload: dict[str, str]) -> dict[str, Any]:
        """Return the token endpoint's reply, and remember it for `keep`."""
        reply: dict[str, Any] = super().get_token(payload)
        self._reply = reply
        return reply

    def get_payload_data(self, token: str, key: Any) -> dict[str, Any]:
        """Return the verified claims of an ID token (OpenID Connect Core 3.1.3.7).

        Unsigned ones never pass, whatever `OIDC_ALLOW_UNSECURED_JWT` says.

        Raises:
            SuspiciousOperation: the token is not for this client, not from this
                issuer, expired, or not signed with `key`.
        """
        settings_now = conf.current()
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[self.OIDC_RP_SIGN_ALGO],
                audience=self.OIDC_RP_CLIENT_ID,
                issuer=settings_now.realm("default").issuer,
                leeway=settings_now.leeway,
                options={"require": _REQUIRED},
            )
        except jwt.InvalidTokenError as error:
            raise SuspiciousOperation(f"ID token refused: {error}") from error

    def store_tokens(self, access_token: str, id_token: str) -> None:
        """Store nothing in the clear, whatever the `OIDC_STORE_*` settings say."""

    def get_or_create_user(
        self, access_token: str, id_token: str, payload: dict[str, Any]
    ) -> AbstractBaseUser | None:
        """Return the user of the ID token's claims, None to refuse the login."""
        user = user_of(payload)
        if user is not None:
            tokens = _token_set(access_token, id_token, self._reply)
            capture.keep(self.request, tokens, user=user)
        return user

    def get_user(self, user_id: Any) -> Any:
        """Return the session's user, None once they are not active any more."""
        return ModelBackend.get_user(self, user_id)


def provider_logout(request: HttpRequest) -> str:
    """Return the URL that ends the session at Keycloak, too.

    For mozilla's setting `OIDC_OP_LOGOUT_URL_METHOD` (OpenID Connect RP-Initiated
    Logout 1.0). The browser comes back to `LOGOUT_REDIRECT_URL`: mozilla's logout fails
    without one, and the client at Keycloak has to list it under "Valid post logout
    redirect URIs".
    """
    realm = conf.current().realm("default")
    back = resolve_url(settings.LOGOUT_REDIRECT_URL or "/")
    query = {
        "client_id": realm.client_id,
        "post_logout_redirect_uri": request.build_absolute_uri(back),
    }
    tokens = capture.kept(request)
    if tokens is not None and tokens.id_token:
        query["id_token_hint"] = tokens.id_token
    page = f"{realm.issuer.rstrip('/')}/protocol/openid-connect/logout"
    return f"{page}?{urlencode(query)}"


def _token_set(access: str, identity: str, reply: dict[str, Any]) -> TokenSet:
    seconds = reply.get("expires_in")
    known = isinstance(seconds, int) and seconds > 0
    return TokenSet(
        access_token=access,
        refresh_token=reply.get("refresh_token") or "",
        id_token=identity,
        expires_at=time.time() + reply["expires_in"] if known else 0.0,
    )
