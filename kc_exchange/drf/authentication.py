"""Authenticate requests that carry an access token of Keycloak."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from rest_framework.authentication import BaseAuthentication

from kc_exchange.capture import bearer_token, realm_of
from kc_exchange.drf.errors import BearerRefused, KeysUnavailable, challenge
from kc_exchange.exceptions import ExchangeUnavailable, InvalidToken
from kc_exchange.jwt_validation import Claims, validate
from kc_exchange.models import user_of

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from rest_framework.request import Request

logger = logging.getLogger(__name__)


class KeycloakBearerAuthentication(BaseAuthentication):
    """Take the bearer token of a request for its user's (RFC 6750, RFC 9068).

    `request.user` is whom USER_FROM_CLAIMS finds or makes, `request.auth` the token's
    `Claims`: its `actor` is who acts for the user, None if nobody does. A request
    without a bearer token is left to the view's other authentications. Where
    REALM_OF_REQUEST says which realm the request belongs to, no other's token will do.
    """

    www_authenticate_realm = "api"

    def authenticate(self, request: Request) -> tuple[AbstractBaseUser, Claims] | None:
        """Return the user and the claims, None where there is no bearer token.

        Raises:
            BearerRefused: the token is not valid or nobody active's, or came wrongly.
            KeysUnavailable: Keycloak's keys cannot be fetched.
        """
        try:
            # Django's own request: reading REST framework's would parse the body.
            token = bearer_token(request._request)  # noqa: SLF001
            if token is None:
                return None
            claims = validate(token, realm_of(request._request))  # noqa: SLF001
            return self._user(claims), claims
        except InvalidToken as error:
            raise BearerRefused(error, self.www_authenticate_realm) from error
        except ExchangeUnavailable as error:
            logger.warning("kc_exchange.keys_unavailable cause=%s", error.cause)
            raise KeysUnavailable(error) from error

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        """Return the challenge for a request that has no credentials at all."""
        return challenge(self.www_authenticate_realm)

    def _user(self, claims: Claims) -> AbstractBaseUser:
        user = user_of(claims.claims)
        if user is None or not user.is_active:
            logger.info("kc_exchange.token_refused reason=no active user")
            raise InvalidToken.because("no active user")
        return user
