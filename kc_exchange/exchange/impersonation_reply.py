"""Check what the legacy exchange issued for another user, and read it.

The answer with 200 may hold the operator's own token (a parameter that was dropped),
a token of a user whose name is the id of another, or a refresh token.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kc_exchange.exchange.check import Check
from kc_exchange.tokens import SubjectToken, claims_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kc_exchange.conf import Realm
    from kc_exchange.exchange.check import Members


@dataclass(frozen=True, slots=True, kw_only=True)
class Impersonated:
    """A token of the target, in a session of its own, issued to an operator.

    It is the subject token of later exchanges, and is kept on the server alone.
    """

    token: SubjectToken
    subject: str
    """`sub`: the target's user id at Keycloak."""
    session_id: str
    """`sid`: the session of the target that Keycloak began for this."""
    token_id: str
    """`jti`, which Keycloak's own event of the exchange carries as `token_id`."""
    expires_at: float
    """In seconds since the epoch."""
    roles: frozenset[str]
    """The target's roles as the token carries them: "name", "client/name"."""
    id_token: str = field(default="", repr=False)
    """What ends the session (`end_session`); empty where the operator's token has no
    scope `openid`."""


def impersonated(
    members: Members, operator: SubjectToken, requested_subject: str, realm: Realm
) -> Impersonated:
    """Return the target's token, if it is what was asked for.

    Compared: issued type, token type, issuer, requester, the user and the session. A
    refresh token that comes with it is dropped.

    Raises:
        UnexpectedReply: something differs; the token is thrown away.
    """
    check = Check(members, realm, "")
    check.issued_access_token()
    claims = check.claims()
    check.differs_from(operator.value, "operator")
    _check_user(check, claims, requested_subject)
    session_id = _new_session(check, claims, operator)
    expires_at = check.expires_at(claims)
    return Impersonated(
        token=SubjectToken(
            value=members["access_token"], realm=realm.alias, expires_at=expires_at
        ),
        subject=requested_subject,
        session_id=session_id,
        token_id=_text(check, claims, "jti"),
        expires_at=expires_at,
        roles=_roles(check, claims),
        id_token=check.id_token(sub=requested_subject, sid=session_id),
    )


def _check_user(check: Check, claims: Mapping[str, Any], requested: str) -> None:
    if check.names_user(claims) != requested:
        check.fail(
            "sub",
            "is not the target's",
            "Check that no user of the realm has the target's id for a username.",
        )


def _new_session(
    check: Check, claims: Mapping[str, Any], operator: SubjectToken
) -> str:
    session_id = _text(check, claims, "sid")
    if session_id == claims_of(operator.value).get("sid"):
        check.fail("sid", "is the operator's own session")
    return session_id


def _text(check: Check, claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        check.fail(name, "is missing or no text")
    return value


def _roles(check: Check, claims: Mapping[str, Any]) -> frozenset[str]:
    found = set(_names(check, "realm_access", claims.get("realm_access", {})))
    clients = claims.get("resource_access", {})
    if not isinstance(clients, dict):
        check.fail("resource_access", "is malformed")
    for client, access in clients.items():
        found |= {
            f"{client}/{name}" for name in _names(check, "resource_access", access)
        }
    return frozenset(found)


def _names(check: Check, claim: str, access: object) -> list[str]:
    names = access.get("roles", []) if isinstance(access, dict) else None
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        check.fail(claim, "is malformed")
    return names
