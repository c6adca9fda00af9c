"""Read who acts for the subject: the `act` claim (RFC 8693 section 4.1).

Who may is said by `ACTORS` of the realm, a dictionary. Its keys are the actors, named
as `act.sub` names them. Its values list the clients (`azp`) in whose tokens that actor
may act; `"*"` stands for any client:

    "ACTORS": {"service-account-nightly": ["reports-web"], "4f1c…": ["*"]}

An actor that is not listed is refused, so without the setting every token with an
`act` claim is. Only the outermost actor is judged: those nested in it are history.
`sub` names somebody only together with an issuer, so an `act.iss` must be the token's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kc_exchange.exceptions import InvalidToken

if TYPE_CHECKING:
    from kc_exchange.conf import Realm

MAX_DEPTH = 5
ANY_CLIENT = "*"
SUBJECT = re.compile(r"[\x20-\x7e]{1,255}")
"""A `sub`, here and in the token itself: printable, so that no two look alike."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts, or acted, for the subject."""

    subject: str
    issuer: str
    """Who names them so; the token's own issuer, unless it is history."""


def read_actors(act: object, realm: Realm, azp: str) -> tuple[Actor, ...]:
    """Return the actors of a token issued to `azp`, the one who acts now first.

    Raises:
        InvalidToken: the claim is malformed or too deep, or its actor may not act.
    """
    chain: list[Actor] = []
    while act is not None:
        if not isinstance(act, Mapping) or len(chain) == MAX_DEPTH:
            raise InvalidToken.because("act is malformed or nested too deeply")
        chain.append(_actor(act, realm.issuer))
        if "act" in act and act["act"] is None:
            raise InvalidToken.because("act holds null")
        act = act.get("act")
    if chain:
        _refuse_unlisted(chain[0], realm, azp)
    return tuple(chain)


def _actor(act: Mapping[str, Any], issuer: str) -> Actor:
    subject, named_by = act.get("sub"), act.get("iss", issuer)
    if not isinstance(subject, str) or SUBJECT.fullmatch(subject) is None:
        raise InvalidToken.because("act names nobody")
    if not isinstance(named_by, str):
        raise InvalidToken.because("act.iss is not a string")
    return Actor(subject, named_by)


def _refuse_unlisted(actor: Actor, realm: Realm, azp: str) -> None:
    clients = realm.actors.get(actor.subject, frozenset())
    if actor.issuer != realm.issuer or not {ANY_CLIENT, azp} & clients:
        raise InvalidToken.because("the actor may not act here")
