"""Log in with mozilla-django-oidc and keep the tokens, the refresh token included.

AUTHENTICATION_BACKENDS = ["kc_exchange.login.mozilla.KeycloakOIDCBackend"]
OIDC_AUTHENTICATE_CLASS = "kc_exchange.login.mozilla.KeycloakLoginView"
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import SuspiciousOperation
from django.shortcuts import resolve_url
from django.views.decorators.debug import sensitive_variables
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.views import OIDCAuthenticationRequestView

from kc_exchange import capture, conf, exchange
from kc_exchange.exceptions import InvalidToken
from kc_exchange.jwt_validation import validate_id_token
from kc_exchange.models import user_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from kc_exchange.conf import Realm


_UNUSED = frozenset(
    {
        "OIDC_OP_AUTHORIZATION_ENDPOINT",
        "OIDC_OP_JWKS_ENDPOINT",
        "OIDC_OP_TOKEN_ENDPOINT",
        "OIDC_OP_USER_ENDPOINT",
        "OIDC_RP_CLIENT_ID",
        "OIDC_RP_CLIENT_SECRET",
    }
)
"""Settings of mozilla's that KC_EXCHANGE and discovery have already."""


class KeycloakLoginView(OIDCAuthenticationRequestView):  # type: ignore[misc]
    """Send the browser to log in at the realm that the request belongs to.

    For mozilla's setting `OIDC_AUTHENTICATE_CLASS`. Client and address are taken from
    KC_EXCHANGE.
    """

    @staticmethod
    def get_settings(attr: str, *args: Any) -> Any:
        """Ask for no setting twice."""
        if attr in _UNUSED:
            return ""
        return OIDCAuthenticationRequestView.get_settings(attr, *args)

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Redirect to Keycloak.

        Raises:
            UnknownRealm: the request belongs to no realm.
        """
        realm = capture.login_realm(request)
        self.OIDC_RP_CLIENT_ID = realm.client_id
        self.OIDC_OP_AUTH_ENDPOINT = _page(realm, "auth")
        response: HttpResponseBase = super().get(request)
        return response


class KeycloakOIDCBackend(OIDCAuthenticationBackend):  # type: ignore[misc]
    """Find the user by issuer and subject, never by e-mail; keep the tokens sealed.

    The issuer is that of the realm which the request belongs to (`REALM_OF_REQUEST`),
    `default` where it says nothing. Who the user is, and whether one is created, is for
    the function in `USER_FROM_CLAIMS` to say; it gets the claims of the ID token.
    """

    @staticmethod
    def get_settings(attr: str, *args: Any) -> Any:
        """Ask for no setting twice."""
        if attr in _UNUSED:
            return ""
        return OIDCAuthenticationBackend.get_settings(attr, *args)

    @sensitive_variables()
    def authenticate(
        self, request: HttpRequest | None, **kwargs: Any
    ) -> AbstractBaseUser | None:
        """Log in with an authorization code; an error report shows no token."""
        user: AbstractBaseUser | None = super().authenticate(request, **kwargs)
        return user

    def get_token(self, payload: dict[str, str]) -> dict[str, Any]:
        """Redeem the code as everything else is asked: by KC_EXCHANGE, in a deadline.

        Raises:
            ExchangeError: as of `kc_exchange.exchange.redeem`.
        """
        self._tokens = exchange.redeem(
            capture.login_realm(getattr(self, "request", None)),
            payload["code"],
            payload["redirect_uri"],
            payload.get("code_verifier", ""),
        )
        return {
            "access_token": self._tokens.access_token,
            "id_token": self._tokens.id_token,
        }

    @sensitive_variables()
    def verify_token(self, token: str, **kwargs: Any) -> dict[str, Any]:
        """Return the claims of a valid ID token, none of mozilla's exceptions made.

        Raises:
            SuspiciousOperation: it is not from our issuer for our client, is expired,
                forged or unsigned, or answers another login.
        """
        nonce = kwargs.get("nonce")
        wanted = nonce if self.get_settings("OIDC_USE_NONCE", True) else None  # noqa: FBT003
        try:
            realm = capture.login_realm(getattr(self, "request", None))
            return validate_id_token(token, realm, nonce=wanted)
        except InvalidToken as error:
            raise SuspiciousOperation(f"ID token refused: {error.reason}") from error

    def store_tokens(self, access_token: str, id_token: str) -> None:
        """Store nothing in the clear, whatever the `OIDC_STORE_*` settings say."""

    def get_or_create_user(
        self, access_token: str, id_token: str, payload: dict[str, Any]
    ) -> AbstractBaseUser | None:
        """Return the user of the ID token's claims, None to refuse the login."""
        del access_token, id_token
        user = user_of(payload)
        if user is not None:
            capture.keep(self.request, self._tokens, user=user)
        return user

    def get_user(self, user_id: Any) -> Any:
        """Return the session's user, None once they are not active any more."""
        return ModelBackend.get_user(self, user_id)


def provider_logout(request: HttpRequest) -> str:
    """Return the URL that ends the session at Keycloak, too.

    For mozilla's setting `OIDC_OP_LOGOUT_URL_METHOD` (OpenID Connect RP-Initiated
    Logout 1.0). The browser comes back to `LOGOUT_REDIRECT_URL`: mozilla's logout fails
    without one, and the client at Keycloak has to list it under "Valid post logout
    redirect URIs". There it goes at once where the login's realm has left the settings.
    """
    tokens = capture.kept(request)
    back = request.build_absolute_uri(resolve_url(settings.LOGOUT_REDIRECT_URL or "/"))
    realms = conf.current().realms
    realm = realms.get(tokens.realm) if tokens else capture.login_realm(request)
    if realm is None:
        return back
    query = {"client_id": realm.client_id, "post_logout_redirect_uri": back}
    if tokens and tokens.id_token:
        query["id_token_hint"] = tokens.id_token
    return f"{_page(realm, 'logout')}?{urlencode(query)}"


def _page(realm: Realm, name: str) -> str:
    """Return the address of a page of Keycloak's, as the browser reaches it."""
    return f"{realm.issuer.rstrip('/')}/protocol/openid-connect/{name}"
