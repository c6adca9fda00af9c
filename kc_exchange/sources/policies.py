"""What is void by the not-before policies that Keycloak's answers bring."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kc_exchange import cache, jwt_validation, transport
from kc_exchange.exceptions import ExchangeError
from kc_exchange.strict_json import loads_object

if TYPE_CHECKING:
    from kc_exchange.conf import Realm

_SECONDS = 1.0
"""How long the realm's page may keep a call waiting."""
_SKEW = 60.0
"""Seconds by which Keycloak's clock may be ahead of ours."""
_FAR = 2**40
_WELL_KNOWN = "/.well-known/"
_settled: dict[str, float] = {}
"""Up to which policy, by issuer, it is known whether it is the realm's."""


def learn(realm: Realm, policy: int, subject: str) -> None:
    """Refuse what an answer's `not-before-policy` makes void, and drop it.

    Keycloak sends the latest of the realm's policy, the client's and that of the user
    whose token it is (`subject`): it says nothing for certain of anybody else's tokens.
    Whether the realm's rose, its public page tells; that is read if the policy may be
    younger than what the page said last. Where it does not answer, only the user's
    tokens are void here, and those of others as soon as their next answer comes.

    Args:
        realm: that of the answer.
        policy: seconds since the epoch; 0 for none.
        subject: the `sub` of the token; empty where it names none.
    """
    issuer = realm.issuer
    if subject and jwt_validation.refuse_issued_before(issuer, policy, subject):
        cache.drop_person(issuer, subject, policy)
    if policy <= _settled.get(issuer, 0.0):
        return
    _settled[issuer] = max(policy, time.time() - _SKEW)
    own = _of_realm(realm)
    if jwt_validation.refuse_issued_before(issuer, own):
        cache.drop_issuer(issuer, own)


def forget() -> None:
    """Have read no page."""
    _settled.clear()


def _of_realm(realm: Realm) -> int:
    """Return the policy that the realm's public page names; 0 if it cannot be read."""
    page = (realm.discovery_url or realm.issuer).partition(_WELL_KNOWN)[0].rstrip("/")
    try:
        reply = transport.request(realm, page, transport.Deadline(_SECONDS))
        named = loads_object(reply.body).get("tokens-not-before")
    except (ExchangeError, ValueError):
        return 0
    return named if type(named) is int and 0 <= named < _FAR else 0
