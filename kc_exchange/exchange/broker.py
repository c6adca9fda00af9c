"""Exchange a token that another issuer made: Keycloak's legacy external exchange.

The issuer is another realm, or a provider such as Google, and the realm that is asked
knows it as an identity provider. Every call begins a session of the user there, and the
first one makes the user. Source: Keycloak's guide "Using token exchange", section
"Legacy token exchange"; the supported successor is `jwt_grant`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kc_exchange.exceptions import UnexpectedReply
from kc_exchange.exchange.broker_refusals import BROKER_ROWS
from kc_exchange.exchange.check import Check
from kc_exchange.exchange.discard import discard
from kc_exchange.exchange.grants import TOKEN_EXCHANGE, scope_parameter
from kc_exchange.exchange.limits import refuse_long_form, refuse_long_token
from kc_exchange.exchange.token_endpoint import ask
from kc_exchange.tokens import ACCESS_TOKEN

if TYPE_CHECKING:
    from kc_exchange.conf import Realm
    from kc_exchange.exchange.check import Members
    from kc_exchange.exchange.posts import Form
    from kc_exchange.tokens import AccessToken, SubjectToken

_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Brokered:
    """What a realm issued for the token of another issuer."""

    token: AccessToken
    id_token: str = field(default="", repr=False)
    """Empty where scope `openid` was not asked for."""

    @property
    def not_before(self) -> int:
        """The latest not-before policy at its issue, of the realm, client or user."""
        return self.token.not_before

    @property
    def subject(self) -> str:
        """The `sub` that the token names; empty where it names none."""
        return self.token.subject


def broker(
    subject: SubjectToken,
    subject_issuer: str,
    realm: Realm,
    *,
    scopes: frozenset[str] = _NOTHING,
) -> Brokered:
    """Exchange a token of `subject_issuer` for one of `realm`, for its own client.

    `subject_issuer` is the alias of the identity provider in `realm`. No audience is
    asked for: that takes one more permission, and widens the token instead of narrowing
    it. One call, within `realm.deadline` seconds; one that may have arrived is not sent
    again, for it begins a session.

    Raises:
        SubjectTokenRejected: Keycloak, or the issuer that it asks, refuses `subject`.
        ExchangeDenied: the user may not come in this way.
        ExchangeMisconfigured: a setting here or at Keycloak is wrong; the reply is not
            what was asked for.
        ExchangeUnavailable: Keycloak did not answer in time.
    """
    form = broker_form(subject, subject_issuer, realm, scopes)
    members = ask(
        realm, form, may_repeat=False, rows=BROKER_ROWS, provider=subject_issuer
    )
    try:
        return brokered(members, subject, realm, scopes)
    except UnexpectedReply:
        discard(members, subject, realm)
        raise


def broker_form(
    subject: SubjectToken, subject_issuer: str, realm: Realm, scopes: frozenset[str]
) -> Form:
    """Return the form of the external exchange.

    Raises:
        ExchangeMisconfigured: something is longer than Keycloak reads.
    """
    form = [
        ("grant_type", TOKEN_EXCHANGE),
        ("subject_issuer", subject_issuer),
        *scope_parameter(scopes),
        # Without it Keycloak hands out a refresh token.
        ("requested_token_type", ACCESS_TOKEN),
    ]
    refuse_long_form(
        form, repr(subject_issuer), "Shorten the alias.", realm=realm.alias
    )
    refuse_long_token(subject.value, "user", realm=realm.alias)
    return [
        *form,
        ("subject_token", subject.value),
        ("subject_token_type", subject.token_type),
    ]


def brokered(
    members: Members, subject: SubjectToken, realm: Realm, scopes: frozenset[str]
) -> Brokered:
    """Return the token, if it is what was asked for.

    Compared: issued type, token type, issuer, requester, scope and expiry. Whose it is
    cannot be: a user has another `sub` in each realm. A refresh token is dropped.

    Raises:
        UnexpectedReply: something differs; the token is thrown away.
    """
    check = Check(members, realm, "")
    check.issued_access_token()
    claims = check.claims()
    check.differs_from(subject.value)
    return Brokered(
        token=check.token(claims, scopes),
        id_token=check.id_token(sub=check.names_user(claims)),
    )
