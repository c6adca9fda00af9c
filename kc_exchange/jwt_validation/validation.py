"""Decide about one token, remembering the answer."""

from __future__ import annotations

import logging
import time
from hashlib import sha256
from typing import TYPE_CHECKING

from kc_exchange.conf import current
from kc_exchange.exceptions import InvalidToken
from kc_exchange.jwt_validation import compact, jwks, not_before
from kc_exchange.jwt_validation.claims import Claims, check_time, read_claims
from kc_exchange.jwt_validation.memory import Remembered, memory
from kc_exchange.jwt_validation.signature import open_signed

if TYPE_CHECKING:
    from kc_exchange.conf import Realm, Settings

logger = logging.getLogger(__name__)

MAX_LEEWAY = 60.0


def validate(
    token: str, realm: Realm | None = None, *, leeway: float | None = None
) -> Claims:
    """Return the claims of a valid access token of Keycloak (RFC 9068, 8725).

    Args:
        token: a signed JWT as it came in, 8 KiB at the most.
        realm: who must have issued it; else the realm whose ISSUER is its `iss`.
        leeway: seconds that the two clocks may differ, 60 at the most; the setting
            LEEWAY where None.

    Raises:
        InvalidToken: it is not valid; all say the same, `reason` is for the log.
        ExchangeUnavailable: the realm's keys cannot be fetched, so nobody can tell.
    """
    decided_by = current() if realm is None else realm
    if leeway is None:
        leeway = current().leeway
    leeway = min(max(leeway, 0.0), MAX_LEEWAY)
    try:
        return _validated(token, decided_by, realm, leeway)
    except InvalidToken as error:
        logger.info("kc_exchange.token_refused reason=%s", error.reason)
        raise


def forget() -> None:
    """Forget every token, key and not-before policy, as a new process would have."""
    memory.clear()
    jwks.forget()
    not_before.forget()


def _validated(
    token: str, decided_by: Realm | Settings, realm: Realm | None, leeway: float
) -> Claims:
    place = (_digest(token), realm.alias if realm else None)
    entry = memory.get(place)
    if entry is None or not _still_decides(entry, decided_by):
        entry = _examined(token, decided_by, realm)
        memory.put(place, entry)
    try:
        check_time(entry.claims, time.time(), leeway)
    except InvalidToken:
        memory.drop(place)
        raise
    return entry.claims


def _digest(token: object) -> bytes:
    if not isinstance(token, str) or not 0 < len(token) <= compact.MAX_TOKEN:
        raise InvalidToken.because("no text, or too long")
    try:
        return sha256(token.encode("ascii")).digest()
    except UnicodeEncodeError:
        raise InvalidToken.because("not ASCII") from None


def _still_decides(entry: Remembered, decided_by: Realm | Settings) -> bool:
    same = entry.decided_by is decided_by or entry.decided_by == decided_by
    return same and entry.keys.holds(entry.key)


def _examined(
    token: str, decided_by: Realm | Settings, realm: Realm | None
) -> Remembered:
    opened = open_signed(token, realm)
    claims = read_claims(opened.payload, opened.realm)
    return Remembered(claims, decided_by, opened.keys, opened.key)
