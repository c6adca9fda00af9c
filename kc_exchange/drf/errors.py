"""Say in HTTP why a request is refused (RFC 6750 section 3)."""

from __future__ import annotations

from rest_framework import status
from rest_framework.exceptions import APIException

from kc_exchange.exceptions import ExchangeUnavailable, InvalidRequest, InvalidToken

_SOON = 5
_LATE = 60


def challenge(realm: str, **parameters: str) -> str:
    """Return the value of a `WWW-Authenticate` header.

    The parameters' values are quoted as they are: they hold no quote or backslash.
    """
    named = {"realm": realm} | parameters
    return "Bearer " + ", ".join(f'{key}="{value}"' for key, value in named.items())


class BearerRefused(APIException):
    """The bearer token, or the way it came, is refused: 401, or 400 if malformed.

    It is no `AuthenticationFailed`, whose challenge REST framework takes from the first
    authentication of the view, and whose status it makes 403 where that one has none.
    """

    status_code: int = status.HTTP_401_UNAUTHORIZED
    default_code = "invalid_token"

    def __init__(self, error: InvalidToken, realm: str) -> None:
        malformed = isinstance(error, InvalidRequest)
        self.status_code = error.http_status
        code = "invalid_request" if malformed else "invalid_token"
        cause = type(error).cause
        self.auth_header = challenge(realm, error=code, error_description=cause)
        super().__init__(cause, code)


class KeysUnavailable(APIException):
    """The keys of Keycloak cannot be fetched: 503, for nobody can tell who this is."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "temporarily_unavailable"
    default_detail = "The access token cannot be checked now. Try again later."

    def __init__(self, error: ExchangeUnavailable) -> None:
        super().__init__()
        self.wait = int(min(_LATE, max(1, error.retry_after or _SOON)))
        """Seconds, for `Retry-After`."""
