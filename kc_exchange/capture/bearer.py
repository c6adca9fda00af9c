"""Read the bearer token of a request (RFC 6750 section 2, RFC 9110 section 11)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from django.core.exceptions import RequestDataTooBig
from django.http import RawPostDataException, UnreadablePostError
from django.views.decorators.debug import sensitive_variables

from kc_exchange import conf
from kc_exchange.capture import realms
from kc_exchange.exceptions import InvalidRequest, InvalidToken, UnknownRealm
from kc_exchange.tokens import TYPE, SubjectToken, claims_of, expiry_of

if TYPE_CHECKING:
    from django.http import HttpRequest

    from kc_exchange.conf import Provider

MAX_BEARER = 8 * 1024
"""Characters of a bearer token; longer ones are refused."""
_MAX_FORM = 64 * 1024
_FORM = "application/x-www-form-urlencoded"

# Keycloak's tokens are JWTs, so the `+`, `/` and `=` of RFC 6750's b64token, which
# another reader might decode differently, are not let in.
_CREDENTIALS = re.compile(r"(?i:bearer) ([A-Za-z0-9][A-Za-z0-9._~-]*)", re.ASCII)
_ALSO_BEARER = re.compile(r",\s*bearer\s", re.ASCII | re.IGNORECASE)
_SCHEME = "bearer"


@sensitive_variables()
def bearer_token(request: HttpRequest) -> str | None:
    """Return the bearer token of the `Authorization` header, None without.

    Another scheme is None, too, and so is a token in a cookie, in `X-Forwarded-*` or
    in a query alone: nobody reads it there.

    Raises:
        InvalidRequest: the header is malformed or longer than `MAX_BEARER`, or the
            query or the form carries a token as well (RFC 6750 section 2).
    """
    header = request.META.get("HTTP_AUTHORIZATION", "")
    if not header:
        return None
    found = _CREDENTIALS.fullmatch(header)
    if found is None:
        _refuse_malformed(header)
        return None
    token = found[1]
    if len(token) > MAX_BEARER:
        raise InvalidRequest(
            f"The access token is longer than {MAX_BEARER} characters."
        )
    if _names_token(request.META.get("QUERY_STRING", "")) or _form_has_token(request):
        raise InvalidRequest("The request carries an access token in two places.")
    return token


@sensitive_variables()
def from_bearer(request: HttpRequest) -> SubjectToken | None:
    """Return the bearer token as a subject token, None without one.

    Nothing is verified here: Keycloak does that at the exchange, and the authentication
    of a view by `jwt_validation`. The realm is the one that the token names, so that it
    is shown to no other's Keycloak; a token of one of PROVIDERS is that provider's.

    Raises:
        InvalidRequest: see `bearer_token`.
        InvalidToken: it is bound to a key (RFC 9449 section 7.2, RFC 8705 section 3):
            whoever has stolen it sends it so, and not each Keycloak asks for the proof.
        UnknownRealm: it is of no realm whose users come here, nor of PROVIDERS; or the
            request belongs to no realm.
    """
    token = bearer_token(request)
    if token is None:
        return None
    claims = claims_of(token)
    _refuse_bound(claims)
    issuer, expires_at = claims.get("iss"), expiry_of(claims)
    if issuer is None:  # no JWT: the Keycloak of that realm says what it thinks of it
        alias = realms.login_realm(request).alias
        return SubjectToken(value=token, realm=alias, expires_at=expires_at)
    realm = realms.realm_of_bearer(request, issuer)
    if realm is not None:
        return SubjectToken(value=token, realm=realm.alias, expires_at=expires_at)
    return provider_token(token, _provider_of(issuer, request), expires_at)


def provider_token(
    value: str, provider: Provider, expires_at: float = 0.0
) -> SubjectToken:
    """Return a token of `provider` as a subject token, of the type its settings say."""
    return SubjectToken(
        value=value,
        realm=provider.realm,
        provider=provider.alias,
        expires_at=expires_at,
        token_type=f"{TYPE}{provider.token_type}",
    )


def _provider_of(issuer: object, request: HttpRequest) -> Provider:
    """Of several with this issuer, such as Google's, the one of the request's realm."""
    settings = conf.current()
    found = [p for p in settings.providers.values() if p.issuer and p.issuer == issuer]
    if not found:
        raise UnknownRealm.because(
            "its issuer is neither of PROVIDERS nor of a realm whose USERS come here"
        )
    own = realms.realm_of(request)
    if own is None:
        return found[0]
    here = (p for p in found if settings.realm(p.realm).issuer == own.issuer)
    return next(here, found[0])


@sensitive_variables()
def _refuse_malformed(header: str) -> None:
    """Refuse what means to be a bearer, or the session would speak in its place."""
    meant = header.lstrip().lower().startswith(_SCHEME)
    if meant or _ALSO_BEARER.search(header):
        raise InvalidRequest("The Authorization header is malformed.")


def _refuse_bound(claims: dict[str, Any]) -> None:
    if "cnf" in claims:
        error = InvalidToken(
            "The access token is bound to a key (DPoP, mutual TLS), and came as a "
            "bearer token.",
            "Send a bearer token: this service takes no proofs.",
        )
        error.reason = "bound to a key, and sent as a bearer token"
        raise error


def _names_token(form: str) -> bool:
    if not form:
        return False
    pairs = parse_qsl(form, keep_blank_values=True)
    return any(name == "access_token" for name, _ in pairs)


def _form_has_token(request: HttpRequest) -> bool:
    """Look into a small form only; `body` is kept, so a view can still stream it."""
    if request.method != "POST" or request.content_type != _FORM:
        return False
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length.isdecimal() or int(length) > _MAX_FORM:
        return False
    try:
        return _names_token(request.body.decode("latin-1"))
    except (RawPostDataException, RequestDataTooBig, UnreadablePostError):
        return False
