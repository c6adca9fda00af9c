"""Validate a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.6)."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from kc_exchange.conf import current
from kc_exchange.exceptions import InvalidToken
from kc_exchange.jwt_validation.actors import SUBJECT
from kc_exchange.jwt_validation.compact import MAX_TOKEN
from kc_exchange.jwt_validation.signature import open_signed

if TYPE_CHECKING:
    from collections.abc import Mapping

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TYPES = frozenset({"logout+jwt", "application/logout+jwt"})
"""What its header says it is; an access token or an ID token never does."""
MAX_LIFETIME = 600
"""Seconds from `iat` to `exp`: Keycloak gives 120, as section 2.4 advises."""
_ID = re.compile(r"[\x21-\x7e]{1,255}")


class LogoutToken(NamedTuple):
    """Whose login is over: that of one session, or all of a person's."""

    issuer: str
    subject: str
    """`sub`; "" where it is not said."""
    session_id: str
    """`sid`; "" where every session of the subject is meant."""
    token_id: str
    """`jti`, to be accepted once."""
    issued_at: int
    """Seconds since the epoch, as those below, by Keycloak's clock."""
    expires_at: int


def validate_logout_token(token: str) -> LogoutToken:
    """Return what a logout token says that a realm with users issued to this project.

    Whether it was used before is for the caller to look up.

    Args:
        token: a signed JWT as it came in, 8 KiB at the most.

    Raises:
        InvalidToken: it is not valid; `reason` is for the log.
        ExchangeUnavailable: the realm's keys cannot be fetched.
    """
    if not 0 < len(token) <= MAX_TOKEN or not token.isascii():
        raise InvalidToken.because("empty, too long or not ASCII")
    claims = open_signed(token, None, TYPES).payload
    _check_kind(claims)
    _check_audience(claims)
    issued_at, expires_at = _check_time(claims)
    subject = _text(claims, "sub", SUBJECT)
    session_id = _text(claims, "sid", _ID)
    if not subject and not session_id:
        raise InvalidToken.because("neither sub nor sid says whose login is over")
    token_id = _text(claims, "jti", _ID)
    if not token_id:
        raise InvalidToken.because("jti is missing")
    return LogoutToken(
        claims["iss"], subject, session_id, token_id, issued_at, expires_at
    )


def _check_kind(claims: Mapping[str, Any]) -> None:
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise InvalidToken.because("events does not hold a logout")
    if "nonce" in claims:
        raise InvalidToken.because("a nonce: meant for a login")
    if claims.get("typ", "Logout") != "Logout":
        raise InvalidToken.because("typ is not Logout: another kind of token")


def _check_audience(claims: Mapping[str, Any]) -> None:
    """Several realms of the settings may be one at Keycloak, with a client each."""
    value = claims.get("aud")
    audience = value if isinstance(value, list) else [value]
    if not all(isinstance(name, str) for name in audience):
        raise InvalidToken.because("aud is missing or malformed")
    own = {
        realm.client_id
        for realm in current().user_realms
        if realm.issuer == claims["iss"]
    }
    if own.isdisjoint(audience):
        raise InvalidToken.because("meant for another client")


def _check_time(claims: Mapping[str, Any]) -> tuple[int, int]:
    now, leeway = time.time(), current().leeway
    issued_at, expires_at = claims.get("iat"), claims.get("exp")
    if type(expires_at) is not int or type(issued_at) is not int:
        raise InvalidToken.because("iat or exp is missing or no instant")
    if expires_at <= now - leeway:
        raise InvalidToken.because("expired")
    if issued_at > now + leeway:
        raise InvalidToken.because("not valid yet")
    if not 0 <= expires_at - issued_at <= MAX_LIFETIME:
        raise InvalidToken.because("made to live too long, or to end before it began")
    return issued_at, expires_at


def _text(claims: Mapping[str, Any], name: str, shape: re.Pattern[str]) -> str:
    """Return a claim, "" where it is absent."""
    if name not in claims:
        return ""
    value = claims[name]
    if not isinstance(value, str) or shape.fullmatch(value) is None:
        raise InvalidToken.because(f"{name} is malformed")
    return value
