"""Obtain the token of a linked provider that Keycloak keeps for the user.

Keycloak's legacy "internal token to external token exchange" (`requested_issuer`). What
comes back is the provider's: opaque to Keycloak and to us, and as powerful there as the
login that it stems from made it.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from kc_exchange.exchange.check import Check
from kc_exchange.exchange.grants import TOKEN_EXCHANGE
from kc_exchange.exchange.limits import refuse_long_form, refuse_long_token
from kc_exchange.exchange.linked_refusals import LINKED_ROWS
from kc_exchange.exchange.token_endpoint import ask
from kc_exchange.tokens import (
    ACCESS_TOKEN,
    MAX_TOKEN_LENGTH,
    AccessToken,
    claims_of,
    expiry,
)

if TYPE_CHECKING:
    from kc_exchange.conf import Downstream, Realm
    from kc_exchange.exchange.check import Members
    from kc_exchange.exchange.posts import Form
    from kc_exchange.tokens import SubjectToken

_B64TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""RFC 6750 section 2.1."""
_UNKNOWN = 60.0
"""Seconds that a token is used whose expiry Keycloak does not know: the user may have
unlinked the account since."""


def linked_token(
    subject: SubjectToken, downstream: Downstream, realm: Realm
) -> AccessToken:
    """Exchange the user's token for the one that Keycloak has of the linked provider.

    One call, within `realm.deadline` seconds, its retry included.

    Raises:
        SubjectTokenRejected: Keycloak does not accept `subject`.
        NotLinked: the user's account is not linked, or its token has expired.
        ExchangeMisconfigured: a setting here or at Keycloak is wrong; the reply is not
            what was asked for.
        ExchangeUnavailable: Keycloak did not answer in time.
    """
    form = linked_form(subject, downstream)
    members = ask(
        realm,
        form,
        audience=downstream.requested_issuer,
        rows=LINKED_ROWS,
        provider=downstream.requested_issuer,
    )
    return linked(members, subject, downstream, realm)


def linked_form(subject: SubjectToken, downstream: Downstream) -> Form:
    """Return the form of the internal to external exchange.

    Raises:
        ExchangeMisconfigured: a parameter, or the token, is longer than Keycloak reads.
    """
    form = [
        ("grant_type", TOKEN_EXCHANGE),
        ("requested_issuer", downstream.requested_issuer),
        ("requested_token_type", ACCESS_TOKEN),
    ]
    refuse_long_form(form, repr(downstream.name), "Shorten REQUESTED_ISSUER.")
    refuse_long_token(subject.value, "user", audience=downstream.audience)
    return [
        *form,
        ("subject_token", subject.value),
        ("subject_token_type", subject.token_type),
    ]


def linked(
    members: Members, subject: SubjectToken, downstream: Downstream, realm: Realm
) -> AccessToken:
    """Return the provider's token, if it is one.

    Nothing of it can be compared; what can be is that it is an access token, and none
    of Keycloak's own. (Keycloak gives back an ID token where one began the session.)

    Raises:
        UnexpectedReply: it is something else; it is thrown away.
    """
    check = Check(members, realm, downstream.requested_issuer)
    check.issued_access_token()
    check.differs_from(subject.value)
    value, kind = members.get("access_token"), members.get("token_type", "Bearer")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        check.fail("token_type", "is not Bearer")
    fits = isinstance(value, str) and len(value) <= MAX_TOKEN_LENGTH
    if not isinstance(value, str) or not fits or not _B64TOKEN.fullmatch(value):
        check.fail("access_token", "is no token")
    _refuse_keycloaks_own(check, value)
    return AccessToken(value=value, expires_at=_expires_at(check, value))


def _refuse_keycloaks_own(check: Check, value: str) -> None:
    claims = claims_of(value)
    if claims.get("iss") == check.realm.issuer:
        check.fail("access_token", "is Keycloak's own, not the provider's")
    if claims.get("typ") == "ID":
        check.fail("access_token", "is an ID token of the provider")


def _expires_at(check: Check, value: str) -> float:
    """Keycloak says 0 seconds where it does not know."""
    now, seconds = time.time(), check.expires_in() or 0
    if seconds > 0:
        return now + seconds
    return expiry(value) or now + _UNKNOWN
