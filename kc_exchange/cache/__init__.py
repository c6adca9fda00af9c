"""Keep exchanged tokens while they are good; ask for each of them once at a time.

In this process (`store`, `flight`), and in a cache that processes share (`second`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange.cache import floors, shared
from kc_exchange.cache.flight import Flights
from kc_exchange.cache.keys import Key, cache_key
from kc_exchange.cache.marks import issuer_mark, owners_of, person_mark, session_mark
from kc_exchange.cache.refused import Refused
from kc_exchange.cache.store import TokenCache

if TYPE_CHECKING:
    from kc_exchange.tokens import SubjectToken

__all__ = [
    "Flights",
    "Key",
    "Refused",
    "TokenCache",
    "brokered",
    "cache_key",
    "drop_issuer",
    "drop_person",
    "forget_person",
    "forget_session",
    "forget_session_of",
    "refused",
    "tokens",
]

tokens = TokenCache()
"""The exchanged tokens of this process."""
brokered = TokenCache()
"""Tokens that others are exchanged from: of users in another realm, and of actors.

Apart from `tokens`, since whoever obtains one of those may wait for one of these.
"""
refused = Refused()
"""What this process was refused in the last 30 seconds."""


def drop_issuer(issuer: str, instant: int) -> None:
    """Drop every token that `issuer` issued, and what was obtained for one of its.

    `instant`: its not-before policy, in seconds since the epoch. What the shared cache
    holds of before is not taken any more.
    """
    _outdate(issuer_mark(issuer), instant)


def drop_person(issuer: str, subject: str, instant: int) -> None:
    """Do as `drop_issuer` does, for what was obtained for one person (`sub`)."""
    _outdate(person_mark(issuer, subject), instant)


def forget_session(issuer: str, session_id: str) -> None:
    """Let nobody have what was obtained for a session at Keycloak (`sid`).

    Here from now on; in other processes within LOCAL_SECONDS of SHARED_CACHE. Without
    a shared cache they do not learn of it. Raises nothing.
    """
    _forget(session_mark(issuer, session_id))


def forget_person(issuer: str, subject: str) -> None:
    """Do as `forget_session` does, for all sessions of a person (`sub`)."""
    _forget(person_mark(issuer, subject))


def forget_session_of(issuer: str, token: SubjectToken) -> None:
    """Do as `forget_session` does, for the session that a subject token is of.

    And for the token alone: whoever had it as a bearer knew no ID token that names
    the session.
    """
    known = ("", token.id_token)
    _forget(*{owners_of(issuer, token.value, id_token)[0] for id_token in known})


def _outdate(mark: bytes, instant: int) -> None:
    floors.raise_to(mark, instant)
    for kept in (tokens, brokered):
        kept.drop_before(instant, mark)


def _forget(*marks: bytes) -> None:
    for mark in marks:
        _drop(mark)
    second = shared.current()
    if second is not None:
        second.forget(marks)


def _drop(mark: bytes) -> None:
    for kept in (tokens, brokered):
        kept.drop_marked(mark)
