"""Validate the ID token of a login (OpenID Connect Core 1.0 section 3.1.3.7)."""

from __future__ import annotations

import hmac
import time
from typing import TYPE_CHECKING, Any

from kc_exchange.conf import current
from kc_exchange.exceptions import InvalidToken
from kc_exchange.jwt_validation.actors import SUBJECT
from kc_exchange.jwt_validation.compact import MAX_TOKEN
from kc_exchange.jwt_validation.signature import open_signed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.conf import Realm


def validate_id_token(
    token: str, realm: Realm, *, nonce: str | None = None
) -> dict[str, Any]:
    """Return the claims of an ID token that `realm` issued to this project.

    `nonce` is the one that the login was started with; None where it used none.

    Raises:
        InvalidToken: it is not valid; `reason` is for the log.
        ExchangeUnavailable: the realm's keys cannot be fetched.
    """
    if len(token) > MAX_TOKEN:
        raise InvalidToken.because("too long")
    claims = open_signed(token, realm).payload
    _check_parties(claims, realm)
    _check_time(claims)
    if nonce is not None and not _equal(claims.get("nonce"), nonce):
        raise InvalidToken.because("another login's nonce")
    return claims


def _check_parties(claims: Mapping[str, Any], realm: Realm) -> None:
    subject, audience = claims.get("sub"), claims.get("aud")
    if not isinstance(subject, str) or SUBJECT.fullmatch(subject) is None:
        raise InvalidToken.because("sub is missing or malformed")
    if realm.client_id not in (audience if isinstance(audience, list) else [audience]):
        raise InvalidToken.because("meant for another client")
    if claims.get("azp", realm.client_id) != realm.client_id:
        raise InvalidToken.because("issued to another client")
    if claims.get("typ", "ID") != "ID":
        raise InvalidToken.because("not an ID token")


def _check_time(claims: Mapping[str, Any]) -> None:
    now, leeway = time.time(), current().leeway
    expires_at, issued_at = claims.get("exp"), claims.get("iat")
    if type(expires_at) is not int or expires_at <= now - leeway:
        raise InvalidToken.because("expired")
    if type(issued_at) is not int or issued_at > now + leeway:
        raise InvalidToken.because("not valid yet")


def _equal(value: object, expected: str) -> bool:
    return isinstance(value, str) and hmac.compare_digest(
        value.encode(), expected.encode()
    )
