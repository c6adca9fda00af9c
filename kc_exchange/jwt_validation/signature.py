"""Open a token whose signature holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kc_exchange.conf import Realm, current
from kc_exchange.exceptions import InvalidToken
from kc_exchange.jwt_validation import compact, jwks

if TYPE_CHECKING:
    from kc_exchange.jwt_validation.jwks import KeyCache
    from kc_exchange.jwt_validation.keys import Key


class Opened(NamedTuple):
    """What was signed, and by which key of which realm."""

    payload: dict[str, Any]
    realm: Realm
    keys: KeyCache
    key: Key


def open_signed(
    token: str, realm: Realm | None, types: frozenset[str] = compact.TYPES
) -> Opened:
    """Return the payload of `token`, signed by `realm` or by the realm it names.

    Nothing else in the payload has been checked. `types` is what its header may say.

    Raises:
        InvalidToken: it is no strict JWS, another issuer's, or its signature does not
            hold.
        ExchangeUnavailable: the realm's keys cannot be fetched.
    """
    parts = compact.split(token)
    header = compact.read_header(parts.header, types)
    payload = compact.json_of(parts.payload)
    signature = compact.decoded(parts.signature)
    issuer = _issuing_realm(payload.get("iss"), realm)
    keys = jwks.keys_of(issuer)
    key = keys.key(header.kid)
    if not key.verify(header.alg, parts.signed, signature):
        raise InvalidToken.because("the signature does not hold")
    return Opened(payload, issuer, keys, key)


def _issuing_realm(issuer: object, named: Realm | None) -> Realm:
    """Before its keys are asked for: nobody makes us fetch those of another."""
    realm = named or current().realm_of_issuer(issuer)
    if realm is None or realm.issuer != issuer:
        raise InvalidToken.because("another issuer")
    return realm
