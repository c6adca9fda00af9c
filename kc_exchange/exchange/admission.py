"""Look at an external token before it is sent to Keycloak.

Keycloak checks whether the provider made the token, and not for whom: it takes one that
any client of the provider was given, an access token for an ID token, and a token that
never expires. So whoever runs an app that people log in to could log in as them.
Signatures are left to Keycloak: a claim that is believed here is in the very token that
it verifies.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, NoReturn

from kc_exchange.conf import ANY, current
from kc_exchange.exceptions import InvalidToken
from kc_exchange.tokens import ACCESS_TOKEN, ID_TOKEN, TYPE, unverified_claims

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kc_exchange.conf import Provider
    from kc_exchange.tokens import SubjectToken

logger = logging.getLogger(__name__)

_REQUESTERS = ("azp", "client_id", "appid", "cid")
"""Claims that name who asked for the token: in OpenID Connect, in RFC 9068, and in the
access tokens of Entra ID and of Okta."""
_NO_ACCESS_TOKENS = ("Refresh", "Offline", "Logout", "DPoP")
"""What a token says to be in its `typ`, in Keycloak's words."""
_NO_ID_TOKENS = ("Bearer", *_NO_ACCESS_TOKENS)


def admit(subject: SubjectToken, provider: Provider) -> None:
    """Let a token of `provider` pass if one of its AUDIENCES was given it.

    A token that is no JWT says nothing of itself: it passes where any audience does.

    Raises:
        InvalidToken: it is another's, for somebody else, over or not of TOKEN_TYPE; all
            say the same, `reason` is for the log.
    """
    if subject.token_type != f"{TYPE}{provider.token_type}":
        _refuse("it is sent as another type than TOKEN_TYPE of its provider")
    claims = _claims(subject)
    if claims is None:
        if subject.token_type != ACCESS_TOKEN or ANY not in provider.audiences:
            _refuse("it is no JWT, so nobody can tell for whom it was made")
        return
    if provider.issuer and claims.get("iss") != provider.issuer:
        _refuse("another issuer made it")
    if "cnf" in claims:
        _refuse("it is bound to a key (cnf), and nobody proves to have it")
    is_id_token = subject.token_type == ID_TOKEN
    others = _NO_ID_TOKENS if is_id_token else _NO_ACCESS_TOKENS
    if claims.get("typ") in others:
        _refuse("its typ says that it is a token of another type")
    if ANY not in provider.audiences:
        _check_clients(claims, provider.audiences, is_id_token=is_id_token)
    _check_time(claims)


def _claims(subject: SubjectToken) -> Mapping[str, Any] | None:
    try:
        return unverified_claims(subject.value)
    except ValueError:  # whose frames hold parts of the token
        return None


def _check_clients(
    claims: Mapping[str, Any], ours: frozenset[str], *, is_id_token: bool
) -> None:
    """Whoever asked for the token has to be ours: `aud` may name many beside us.

    An ID token has to be meant for ours, too (OpenID Connect Core 1.0 section 3.1.3.7).
    """
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    requesters = [claims[name] for name in _REQUESTERS if name in claims]
    if not all(_are_ours(requesters, ours)):
        _refuse(
            "another client of the provider asked for it; if that is an app of yours, "
            "name it in AUDIENCES, beside the client that aud names"
        )
    if (is_id_token or not requesters) and not any(_are_ours(named, ours)):
        _refuse("it was made for another client of the provider")
    if is_id_token and len(named) > 1 and "azp" not in claims:
        _refuse("it is an ID token for several clients, and no azp says whose")


def _are_ours(clients: list[Any], ours: frozenset[str]) -> Iterable[bool]:
    return (isinstance(client, str) and client in ours for client in clients)


def _check_time(claims: Mapping[str, Any]) -> None:
    expires_at = claims.get("exp")
    if type(expires_at) is not int or expires_at <= time.time() - current().leeway:
        _refuse("it has expired, or never does")


def _refuse(reason: str) -> NoReturn:
    logger.info("kc_exchange.token_refused reason=the external token: %s", reason)
    raise InvalidToken.because(f"the external token is refused: {reason}")
