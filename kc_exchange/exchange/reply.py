"""Check what the token endpoint issued against what was asked for.

Keycloak drops parameters it finds too long, ignores some it knows, and widens scope
when a client's defaults say so: an answer with 200 may hold another token than the one
asked for. It is used only after everything in it has been compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange.exchange.check import Check, audience_of
from kc_exchange.tokens import TokenSet, expiry, unverified_claims

if TYPE_CHECKING:
    from kc_exchange.conf import Downstream, Realm
    from kc_exchange.dpop import ProofKey
    from kc_exchange.exchange.check import Members
    from kc_exchange.tokens import AccessToken, SubjectToken


def exchanged(
    members: Members,
    subject: SubjectToken,
    downstream: Downstream,
    realm: Realm,
    *,
    actor: str = "",
    key: ProofKey | None = None,
) -> AccessToken:
    """Return the exchanged token, if it is what was asked for (RFC 8693 section 2.2).

    Compared: issued type, token type, issuer, requester, audience, the user, scope,
    expiry and, where an `actor` (its `sub`) was named, `act`; with a `key`, that it is
    bound to it. A refresh token that comes with it is dropped.

    Raises:
        UnexpectedReply: something differs; the token is thrown away.
    """
    check = Check(members, realm, downstream.audience, key)
    check.issued_access_token()
    claims = check.claims()
    check.differs_from(subject.value)
    check.same_user(claims, subject)
    check.narrow_audience(claims)
    if actor:
        check.acts(claims, actor)
    return check.token(claims, downstream.scopes)


def own(
    members: Members, downstream: Downstream, realm: Realm, key: ProofKey | None = None
) -> AccessToken:
    """Return the requester's own token, if `downstream` will take it.

    Raises:
        UnexpectedReply: it is another client's, not for `downstream`, or not bound to
            the `key` that was shown.
    """
    check = Check(members, realm, downstream.audience, key)
    claims = check.claims()
    if downstream.audience not in audience_of(claims):
        check.fail(
            "aud",
            f"lacks {downstream.audience}",
            f"Give client {realm.client_id} a client scope with an audience mapper for "
            f"{downstream.audience}, and name it in SCOPES.",
            "own_audience_missing",
        )
    return check.token(claims, downstream.scopes)


def service_account(members: Members, realm: Realm) -> AccessToken:
    """Return the requester's own token, which names its service account.

    Raises:
        UnexpectedReply: it is another client's, or nobody's.
    """
    check = Check(members, realm, realm.client_id)
    claims = check.claims()
    check.names_user(claims)
    return check.token(claims, frozenset())


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


def suffices(token: AccessToken, downstream: Downstream) -> bool:
    """Tell whether a token is for `downstream` alone, with all that it needs.

    That is its scopes and, with DPOP, that it is bound to a key.
    """
    if downstream.dpop and not token.thumbprint:
        return False
    claims = unverified_claims(token.value)
    return (
        audience_of(claims) == {downstream.audience}
        and downstream.scopes <= token.scope
    )
