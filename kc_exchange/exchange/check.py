"""Compare an answer of the token endpoint with what was asked for, bit by bit."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, NoReturn

from kc_exchange import dpop
from kc_exchange.exceptions import UnexpectedReply
from kc_exchange.tokens import (
    ACCESS_TOKEN,
    MAX_TOKEN_LENGTH,
    AccessToken,
    Secret,
    claims_of,
    unverified_claims,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.conf import Realm
    from kc_exchange.dpop import ProofKey
    from kc_exchange.tokens import SubjectToken

_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*")
_TOLERATED = 10
"""Seconds that two clocks may differ."""
_LONGEST = 2**31
"""Seconds; a larger `expires_in` is a mistake."""
_BINDS = (
    "Keycloak binds tokens from 26.4 on, unless it is started with "
    "--features-disabled=dpop; and what stands before it has to let the header DPoP "
    "through. Or leave DPOP out of this downstream."
)

Members = dict[str, Any]


class Check:
    """One reply, being compared with what was asked."""

    def __init__(
        self, members: Members, realm: Realm, audience: str, key: ProofKey | None = None
    ) -> None:
        self.members = members
        self.realm = realm
        self.audience = audience
        self._key = key
        """What the token was to be bound to; None: to nothing."""

    def fail(
        self, what: str, why: str, fix: str = "", diagnosis: str = "reply_differs"
    ) -> NoReturn:
        """Throw the reply away: `what` is wrong with it, and `why`."""
        raise UnexpectedReply(
            f"Keycloak's answer is not what was asked for: {what} {why}.",
            fix,
            audience=self.audience,
            realm=self.realm.alias,
            diagnosis=diagnosis,
        )

    def claims(self) -> Mapping[str, Any]:
        """Check that this is a JWT of our realm for our client, bound as was asked."""
        self._kind()
        value = self.members.get("access_token")
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
        self._bound(claims)
        return claims

    def _kind(self) -> None:
        """A bearer token where a bound one was asked for is no substitute for it."""
        kind = self.members.get("token_type")
        said = kind.lower() if isinstance(kind, str) else ""
        if self._key is None and said != "bearer":
            self.fail("token_type", "is not Bearer", diagnosis="token_not_bearer")
        if self._key is not None and said != "dpop":
            self.fail("token_type", "is not DPoP", _BINDS, "token_not_bound")

    def _bound(self, claims: Mapping[str, Any]) -> None:
        if self._key is None:
            return
        confirmation = claims.get("cnf")
        found = confirmation.get("jkt") if isinstance(confirmation, dict) else None
        if found is None:
            self.fail("cnf.jkt", "is missing", _BINDS, "token_not_bound")
        if found != self._key.thumbprint:
            fix = (
                "Look for what stands before Keycloak and puts a proof of its own in "
                "place of ours."
            )
            self.fail("cnf.jkt", "is another key's", fix, "token_bound_to_other")

    def issued_access_token(self) -> None:
        """Check that the issuer says so: Keycloak's default is a refresh token."""
        if self.members.get("issued_token_type") != ACCESS_TOKEN:
            self.fail("issued_token_type", "is not an access token")

    def differs_from(self, sent: str, whose: str = "user") -> None:
        """Check that what was sent did not simply come back."""
        if self.members.get("access_token") == sent:
            self.fail("access_token", f"is the {whose}'s own token")

    def names_user(self, claims: Mapping[str, Any]) -> str:
        """Check that the token says whose it is, and return that (`sub`)."""
        value = claims.get("sub")
        if not isinstance(value, str) or not value:
            self.fail(
                "sub",
                "is missing or malformed",
                f"Switch off lightweight access tokens of client "
                f"{self.realm.client_id}, or give the token a `sub` (client scope "
                "`basic`).",
                "sub_missing",
            )
        return value

    def id_token(self, **same: str) -> str:
        """Return the ID token beside it, if it says the `same`; "" without one."""
        value = self.members.get("id_token", "")
        if value == "":
            return ""
        claims = claims_of(value)
        if any(claims.get(name) != known for name, known in same.items()):
            self.fail("id_token", "is not of the same user and session")
        return Secret(value)

    def same_user(self, claims: Mapping[str, Any], subject: SubjectToken) -> None:
        """A lightweight subject token has no `sub`; its session speaks for it."""
        before = claims_of(subject.value)
        name = "sub" if "sub" in before else "sid"
        if not before.get(name) or claims.get(name) != before[name]:
            self.fail(
                name,
                "is not the user's",
                "Switch off lightweight access tokens of the requester, or give the "
                "token a `sub` (client scope `basic`).",
                "user_differs" if claims.get(name) else "sub_missing",
            )

    def narrow_audience(self, claims: Mapping[str, Any]) -> None:
        """Check that the token is for the downstream alone."""
        if audience_of(claims) != {self.audience}:
            self.fail(
                "aud",
                f"is not {self.audience} alone",
                "Check that no mapper of the requester adds an audience after the "
                "exchange, and that its access tokens are not lightweight.",
                "audience_differs",
            )

    def acts(self, claims: Mapping[str, Any], actor: str) -> None:
        """Check that the token names who acts (RFC 8693 section 4.1)."""
        act = claims.get("act")
        if not isinstance(act, dict) or act.get("sub") != actor:
            self.fail(
                "act",
                "does not name the actor that was sent",
                "Keycloak ignores `actor_token` up to 26.7; from 26.8 on start it with "
                "--features=token-exchange-delegation,parameterized-scopes. Or leave "
                "ACTOR out.",
                "actor_ignored",
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
                "scope_wider",
            )
        return AccessToken(
            value=self.members["access_token"],
            expires_at=self.expires_at(claims),
            scope=granted,
            token_type="Bearer" if self._key is None else dpop.HEADER,
            thumbprint="" if self._key is None else self._key.thumbprint,
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
            fix = "Compare the clocks of the two machines."
            self.fail("exp", "has passed", fix, "clock_differs")
        seconds = self.expires_in()
        return float(expires_at if seconds is None else min(expires_at, now + seconds))

    def expires_in(self) -> int | None:
        """Return the member in seconds, None where there is none."""
        value = self.members.get("expires_in")
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value[:12])
        if value is None:
            return None
        if type(value) is not int or value >= _LONGEST:
            self.fail("expires_in", "is no number of seconds")
        return value


def audience_of(claims: Mapping[str, Any]) -> set[str]:
    """Return `aud` as a set, whatever form it has."""
    value = claims.get("aud", [])
    values = value if isinstance(value, list) else [value]
    return {v for v in values if isinstance(v, str)}
