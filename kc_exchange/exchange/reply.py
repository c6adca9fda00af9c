"""Check what the token endpoint issued against what was asked for.

Keycloak drops parameters it finds too long, ignores some it knows, and widens scope
when a client's defaults say so: an answer with 200 may hold another token than the one
asked for. It is used only after everything in it has been compared.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, NoReturn

from kc_exchange.exceptions import UnexpectedReply
from kc_exchange.tokens import (
    ACCESS_TOKEN,
    MAX_TOKEN_LENGTH,
    AccessToken,
    TokenSet,
    expiry,
    unverified_claims,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.conf import Downstream, Realm
    from kc_exchange.tokens import SubjectToken

_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*")
_TOLERATED = 10
"""Seconds that two clocks may differ."""
_LONGEST = 2**31
"""Seconds; a larger `expires_in` is a mistake."""

Members = dict[str, Any]


def exchanged(
    members: Members, subject: SubjectToken, downstream: Downstream, realm: Realm
) -> AccessToken:
    """Return the exchanged token, if it is what was asked for (RFC 8693 section 2.2).

    Compared: issued type, token type, issuer, requester, audience, the user, scope and
    expiry. A refresh token that comes with it is dropped.

    Raises:
        UnexpectedReply: something differs; the token is thrown away.
    """
    check = Check(members, realm, downstream.audience)
    if members.get("issued_token_type") != ACCESS_TOKEN:
        check.fail("issued_token_type", "is not an access token")
    claims = check.claims()
    if members["access_token"] == subject.value:
        check.fail("access_token", "is the user's own token")
    check.same_user(claims, subject)
    check.narrow_audience(claims)
    return check.token(claims, downstream.scopes)


def own(members: Members, downstream: Downstream, realm: Realm) -> AccessToken:
    """Return the requester's own token, if `downstream` will take it.

    Raises:
        UnexpectedReply: it is another client's, or not for `downstream`.
    """
    check = Check(members, realm, downstream.audience)
    claims = check.claims()
    if downstream.audience not in _audience(claims):
        check.fail(
            "aud",
            f"lacks {downstream.audience}",
            f"Give client {realm.client_id} a client scope with an audience mapper for "
            f"{downstream.audience}, and name it in SCOPES.",
        )
    return check.token(claims, downstream.scopes)


def token_set(
    members: Members, realm: Realm, before: SubjectToken | None = None
) -> TokenSet:
    """Return the tokens of a login or of a refresh, the same user's as `before`.

    Raises:
        UnexpectedReply: they are not tokens of this client, or not this user's.
    """
    check = Check(members, realm, "")
    claims = check.claims()
    if before is not None:
        check.same_user(claims, before)
    for name in ("refresh_token", "id_token"):
        if not isinstance(members.get(name, ""), str):
            check.fail(name, "is not a string")
    return TokenSet(
        access_token=members["access_token"],
        refresh_token=members.get("refresh_token", ""),
        id_token=members.get("id_token", ""),
        expires_at=expiry(members["access_token"]),
        realm=realm.alias,
    )


class Check:
    """One reply, being compared with what was asked."""

    def __init__(self, members: Members, realm: Realm, audience: str) -> None:
        self.members = members
        self.realm = realm
        self.audience = audience

    def fail(self, what: str, why: str, fix: str = "") -> NoReturn:
        """Throw the reply away: `what` is wrong with it, and `why`."""
        raise UnexpectedReply(
            f"Keycloak's answer is not what was asked for: {what} {why}.",
            fix,
            audience=self.audience,
            realm=self.realm.alias,
        )

    def claims(self) -> Mapping[str, Any]:
        """Check that this is a bearer JWT of our realm for our client."""
        value, kind = self.members.get("access_token"), self.members.get("token_type")
        if not isinstance(kind, str) or kind.lower() != "bearer":
            self.fail("token_type", "is not Bearer")
        if not isinstance(value, str) or len(value) > MAX_TOKEN_LENGTH:
            self.fail("access_token", "is no token")
        if not _JWT.fullmatch(value):
            self.fail("access_token", "is not a JWT")
        claims: Mapping[str, Any] = {}
        unread = ""
        try:
            claims = unverified_claims(value)
        except ValueError as error:
            unread = str(error)
        if unread:
            self.fail("access_token", f"cannot be read ({unread})")
        if claims.get("iss") != self.realm.issuer:
            self.fail("iss", "is another issuer")
        if claims.get("azp") != self.realm.client_id:
            self.fail("azp", f"is not {self.realm.client_id}")
        return claims

    def same_user(self, claims: Mapping[str, Any], subject: SubjectToken) -> None:
        """A lightweight subject token has no `sub`; its session speaks for it."""
        try:
            before = unverified_claims(subject.value)
        except ValueError:
            before = {}
        name = "sub" if "sub" in before else "sid"
        if not before.get(name) or claims.get(name) != before[name]:
            self.fail(
                name,
                "is not the user's",
                "Switch off lightweight access tokens of the requester, or give the "
                "token a `sub` (client scope `basic`).",
            )

    def narrow_audience(self, claims: Mapping[str, Any]) -> None:
        """Check that the token is for the downstream alone."""
        if _audience(claims) != {self.audience}:
            self.fail(
                "aud",
                f"is not {self.audience} alone",
                "Check that no mapper of the requester adds an audience after the "
                "exchange, and that its access tokens are not lightweight.",
            )

    def token(self, claims: Mapping[str, Any], asked: frozenset[str]) -> AccessToken:
        """Check scope and expiry, and return the token as a downstream gets it."""
        granted = self._scope(asked)
        inside = claims.get("scope")
        held = granted | set(inside.split() if isinstance(inside, str) else ())
        wider = held - asked - self.realm.default_scopes
        if asked and wider:
            self.fail(
                "scope",
                f"is wider than asked: {' '.join(sorted(wider))}",
                "Make these optional client scopes of the requester, or name them in "
                "DEFAULT_SCOPES of the realm.",
            )
        return AccessToken(
            value=self.members["access_token"],
            expires_at=self.expires_at(claims),
            scope=granted,
            not_before=self._not_before(),
        )

    def _not_before(self) -> int:
        value = self.members.get("not-before-policy", 0)
        if type(value) is not int or not 0 <= value < 2**40:
            self.fail("not-before-policy", "is no time")
        return value

    def _scope(self, asked: frozenset[str]) -> frozenset[str]:
        scope = self.members.get("scope")
        if scope is None:
            return asked
        if scope != "" and not (isinstance(scope, str) and _SCOPE.fullmatch(scope)):
            self.fail("scope", "is malformed")
        return frozenset(scope.split())

    def expires_at(self, claims: Mapping[str, Any]) -> float:
        """Return when the token ends, in seconds since the epoch."""
        now = time.time()
        expires_at = claims.get("exp")
        if type(expires_at) is not int or not 0 < expires_at < 2**40:
            self.fail("exp", "is missing or no time")
        if expires_at < now - _TOLERATED:
            self.fail("exp", "has passed", "Compare the clocks of the two machines.")
        seconds = self._expires_in()
        return float(expires_at if seconds is None else min(expires_at, now + seconds))

    def _expires_in(self) -> int | None:
        value = self.members.get("expires_in")
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value[:12])
        if value is None:
            return None
        if type(value) is not int or value >= _LONGEST:
            self.fail("expires_in", "is no number of seconds")
        return value


def _audience(claims: Mapping[str, Any]) -> set[str]:
    value = claims.get("aud", [])
    values = value if isinstance(value, list) else [value]
    return {v for v in values if isinstance(v, str)}
