"""By whom a cache entry stands or falls: issuers, a session at Keycloak, a person."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from kc_exchange.tokens import login_claims

_LENGTH = 16


@lru_cache(maxsize=1024)
def issuer_mark(issuer: str) -> bytes:
    """Return the mark of an issuer URL; that of "" stands for nobody."""
    return _mark("issuer", issuer)


def session_mark(issuer: str, session_id: str) -> bytes:
    """Return the mark of a session (`sid`) at an issuer."""
    return _mark("session", issuer, session_id)


def person_mark(issuer: str, subject: str) -> bytes:
    """Return the mark of a person (`sub`) at an issuer."""
    return _mark("person", issuer, subject)


def owners_of(issuer: str, token: str, id_token: str = "") -> tuple[bytes, ...]:
    """Return the marks of a subject token's session and person, the session's first.

    What the token does not name, the ID token of its login does. A token that names no
    session is its own.
    """
    claims = login_claims(token, id_token)
    session_id, subject = claims.get("sid"), claims.get("sub")
    named = isinstance(session_id, str) and session_id
    own = session_mark(issuer, str(session_id)) if named else _mark("token", token)
    if not isinstance(subject, str) or not subject:
        return (own,)
    return own, person_mark(issuer, subject)


def _mark(*parts: str) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode()
        digest.update(b"%d:" % len(raw))
        digest.update(raw)
    return digest.digest()[:_LENGTH]
