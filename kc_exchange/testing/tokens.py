"""Write access, refresh and ID tokens as Keycloak does."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from kc_exchange.testing import mappers
from kc_exchange.testing.keys import b64url
from kc_exchange.testing.scopes import (
    all_mappers,
    java_set_order,
    requested_scopes,
    roles_for,
    scope_text,
    words,
)

if TYPE_CHECKING:
    from kc_exchange.testing.context import RealmServer
    from kc_exchange.testing.model import Client, ClientScope, User
    from kc_exchange.testing.sessions import UserSession

Json = dict[str, Any]

LIGHTWEIGHT = "client.use.lightweight.access.token.enabled"
LIFESPAN = "access.token.lifespan"
RFC9068_TYPE = "access.token.header.type.rfc9068"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """Say for whom, for which client and with which scope tokens are written.

    `scope` chooses the scopes, `noted_scope` is what the client session remembers
    and decides on `openid`. `grant` is Keycloak's two-letter shortcut of the grant,
    `session_kind` its two letters for the session: on, of, nt, tr. `audience` keeps
    only these audiences; empty keeps all. `thumbprint` binds the token to a key. A
    `requester` that asks for another client's token is the one that gets it.
    """

    server: RealmServer
    client: Client
    user: User
    session: UserSession
    scope: str | None
    grant: str
    noted_scope: str | None = None
    session_kind: str = "on"
    audience: tuple[str, ...] = ()
    nonce: str | None = None
    thumbprint: str | None = None
    requester: Client | None = None

    @property
    def azp(self) -> str:
        """Return the client id of the party that the tokens are issued to."""
        return (self.requester or self.client).client_id

    @property
    def scopes(self) -> list[ClientScope]:
        """Return the client scopes that shape the tokens."""
        return requested_scopes(self.server.realm, self.client, self.scope, self.user)

    @property
    def granted(self) -> str:
        """Return the granted scope as text."""
        return scope_text(self.scopes, self.noted_scope or self.scope)

    @property
    def lightweight(self) -> bool:
        """Tell whether the client gets lightweight access tokens."""
        return self.client.on(LIGHTWEIGHT)

    @property
    def session_id(self) -> str | None:
        """Return the session's id as tokens carry it: none for a transient one."""
        return None if self.session.transient else self.session.id

    @property
    def offline(self) -> bool:
        """Tell whether the granted scope asks for an offline session."""
        return any(scope.name == "offline_access" for scope in self.scopes)

    @property
    def expires_at(self) -> int:
        """Return the second at which the access token ends."""
        now = self.server.clock.seconds()
        own = self.client.attributes.get(LIFESPAN)
        lifespan = int(own) if own else self.server.realm.access_token_lifespan
        if self.session.transient or self.session.offline:
            return now + lifespan
        return min(now + lifespan, self.server.sessions.ends_at(self.session))


def draft(issue: Issue, kind: mappers.Kind) -> mappers.Draft:
    """Let the mappers of client and scopes write one kind of token."""
    scopes = issue.scopes
    written = mappers.Draft(
        kind=kind,
        user=issue.user,
        client=issue.client,
        session=issue.session,
        roles=roles_for(issue.server.realm, issue.client, scopes, issue.user),
    )
    mappers.apply(all_mappers(issue.client, scopes), written)
    return written


def access_claims(issue: Issue) -> Json:
    """Return the claims of an access token (RFC 9068's, in Keycloak's dialect)."""
    light = issue.lightweight
    written = draft(issue, "lightweight" if light else "access")
    if issue.audience:
        _keep_only(written, issue.audience)
    fixed = _times(issue) | {
        "jti": _context_id(issue),
        "iss": issue.server.issuer,
        "aud": audience_claim(written.audience),
        "sub": issue.user.id if issue.session_kind in ("nt", "tr") else None,
        "typ": "DPoP" if issue.thumbprint else "Bearer",
        "azp": issue.azp,
        "sid": issue.session_id,
        "scope": issue.granted,
        "cnf": _confirmation(issue),
    }
    return _filled(fixed) | written.claims


def _confirmation(issue: Issue) -> Json | None:
    if issue.thumbprint is None:
        return None
    return {"jkt": issue.thumbprint, "kc-jkt-type": "DPoP"}


def _keep_only(written: mappers.Draft, audience: tuple[str, ...]) -> None:
    written.audience = [name for name in written.audience if name in audience]
    access = written.claims.get("resource_access")
    if isinstance(access, dict):
        kept = {name: roles for name, roles in access.items() if name in audience}
        written.claims["resource_access"] = kept


def _times(issue: Issue) -> Json:
    return {"exp": issue.expires_at, "iat": issue.server.clock.seconds()}


def _filled(claims: Json) -> Json:
    return {name: value for name, value in claims.items() if value is not None}


def _context_id(issue: Issue) -> str:
    offline = issue.offline and issue.session_kind == "on"
    session_kind = "of" if offline else issue.session_kind
    token_kind = "lt" if issue.lightweight else "rt"
    return f"{session_kind}{token_kind}{issue.grant}:{uuid4()}"


def audience_claim(audience: list[str]) -> str | list[str] | None:
    """Return `aud` as Keycloak writes it: absent, a string or a list."""
    if not audience:
        return None
    return audience[0] if len(audience) == 1 else java_set_order(audience)


def sign_access(issue: Issue, claims: Json) -> str:
    """Sign an access token."""
    named = issue.client.on(RFC9068_TYPE)
    return issue.server.keys.sign(claims, {"typ": "at+jwt"} if named else None)


def sign_id(issue: Issue, access_token: str | None) -> str:
    """Write and sign an ID token (OpenID Connect Core section 2)."""
    written = draft(issue, "id")
    fixed = _times(issue) | {
        "jti": str(uuid4()),
        "iss": issue.server.issuer,
        "aud": audience_claim([issue.client.client_id, *written.audience]),
        "sub": issue.user.id,
        "typ": "ID",
        "azp": issue.azp,
        "nonce": issue.nonce,
        "sid": issue.session_id,
        "at_hash": _half_hash(access_token) if access_token else None,
    }
    return issue.server.keys.sign(_filled(fixed) | written.claims)


def _half_hash(token: str) -> str:
    digest = hashlib.sha256(token.encode()).digest()
    return b64url(digest[: len(digest) // 2])


def refresh_claims(issue: Issue) -> Json:
    """Return the claims of a refresh token, which only the server reads."""
    server, now = issue.server, issue.server.clock.seconds()
    ends = min(now + server.realm.session_idle, server.sessions.ends_at(issue.session))
    held = any(m.kind == "oidc-sub-mapper" for s in issue.scopes for m in s.mappers)
    fixed = {
        "exp": None if issue.offline else ends,
        "iat": now,
        "jti": str(uuid4()),
        "iss": server.issuer,
        "aud": server.issuer,
        "sub": issue.user.id if held else None,
        "typ": "Offline" if issue.offline else "Refresh",
        "azp": issue.azp,
        "sid": issue.session_id,
        "scope": _full_scope(issue),
    }
    return _filled(fixed)


def _full_scope(issue: Issue) -> str:
    openid = ["openid"] if "openid" in words(issue.noted_scope or issue.scope) else []
    return " ".join(openid + [scope.name for scope in issue.scopes])
