"""What a reference says."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from kc_exchange import conf
from kc_exchange.exceptions import SubjectGone
from kc_exchange.tokens import login_claims

if TYPE_CHECKING:
    from kc_exchange.tokens import TokenSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a reference says: which login of whom, and for how long."""

    session_key: str = field(repr=False)
    user_id: str
    issuer: str
    sid: str = field(repr=False)
    """The session at Keycloak; empty where its tokens do not name one."""
    issued_at: float
    max_age: float
    """Seconds from `issued_at`."""
    offline: str = ""
    """The id of the row that keeps its offline token; empty: the session alone."""


def refuse_old(claims: Claims) -> None:
    """Refuse a reference whose time is over.

    Raises:
        SubjectGone: it is.
    """
    age = time.time() - claims.issued_at
    if -conf.current().leeway <= age <= claims.max_age:
        return
    raise SubjectGone(
        f"The reference to whoever started this job is older than the "
        f"{claims.max_age:g} seconds it was made for.",
        "Do not try again; run jobs sooner, or make references with a longer max_age.",
    )


class Named(NamedTuple):
    """What tells a login from others: single sign-on gives two clients one `sid`."""

    issuer: str
    """Empty where the realm of the login is no longer in the settings."""
    sid: str
    """Empty where the tokens do not name one."""
    client_id: str


def login_of(tokens: TokenSet) -> Named:
    """Return what names a login; of a realm that left the settings it names none."""
    sid = login_claims(tokens.access_token, tokens.id_token).get("sid")
    realm = conf.current().realms.get(tokens.realm)
    return Named(
        issuer="" if realm is None else realm.issuer,
        sid=sid if isinstance(sid, str) else "",
        client_id="" if realm is None else realm.client_id,
    )


def refuse_unknown_realm(alias: str) -> None:
    """Refuse a login of a realm that left the settings.

    Raises:
        SubjectGone: it did.
    """
    if alias not in conf.current().realms:
        raise SubjectGone(
            f"Whoever started this job logged in by the realm {alias!r}, which is no "
            "longer in KC_EXCHANGE.",
            "Do not try again; let them log in by a realm of REALMS and start it anew.",
        )
