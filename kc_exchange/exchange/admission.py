"""Look at an external token before it is sent to Keycloak.

Keycloak checks whether the provider made the token, and not for whom: it takes one that
any client of the provider was given, an access token for an ID token, and a token that
never expires. So whoever runs an app that people log in to could log in as them.
Signatures are left to Keycloak: a claim that is believed here is in the very token that
it verifies.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NoReturn

from kc_exchange.conf import ANY, current
from kc_exchange.exceptions import InvalidToken
from kc_exchange.tokens import ACCESS_TOKEN, ID_TOKEN, JWT, unverified_claims

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.conf import Provider
    from kc_exchange.tokens import SubjectToken

_SIGNED = (ID_TOKEN, JWT)
_OTHERS = {"Bearer", "Refresh", "Offline", "Logout", "DPoP"}
"""What a token says to be in its `typ` that is no ID token, in Keycloak's words."""


def admit(subject: SubjectToken, provider: Provider) -> None:
    """Let a token of `provider` pass if it was made for one of its AUDIENCES.

    A token that is no JWT says nothing of itself: it passes where any audience does.

    Raises:
        InvalidToken: it is another's, for somebody else, over or of another type; all
            say the same, `reason` is for the log.
    """
    if subject.token_type not in (ACCESS_TOKEN, *_SIGNED):
        _refuse("its type is none that Keycloak takes")
    claims = _claims(subject)
    if claims is None:
        if subject.token_type in _SIGNED or ANY not in provider.audiences:
            _refuse("it is no JWT, so nobody can tell for whom it was made")
        return
    if provider.issuer and claims.get("iss") != provider.issuer:
        _refuse("another issuer made it")
    if subject.token_type == ID_TOKEN and claims.get("typ") in _OTHERS:
        _refuse("it is no ID token")
    if ANY not in provider.audiences:
        made_for = _made_for(claims, subject.token_type)
        if made_for.isdisjoint(provider.audiences):
            _refuse("it was made for another client of the provider")
    _check_time(claims)


def _claims(subject: SubjectToken) -> Mapping[str, Any] | None:
    try:
        return unverified_claims(subject.value)
    except ValueError:  # whose frames hold parts of the token
        return None


def _made_for(claims: Mapping[str, Any], token_type: str) -> set[str]:
    """An ID token is for `aud`; an access token also for who asked for it."""
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if token_type != ID_TOKEN:
        named = [*named, claims.get("azp"), claims.get("client_id")]
    return {name for name in named if isinstance(name, str)}


def _check_time(claims: Mapping[str, Any]) -> None:
    expires_at = claims.get("exp")
    if type(expires_at) is not int or expires_at <= time.time() - current().leeway:
        _refuse("it has expired, or never does")


def _refuse(reason: str) -> NoReturn:
    raise InvalidToken.because(f"the external token is refused: {reason}")
