"""Obtain a token of another user, on behalf of an operator: Keycloak's legacy exchange.

This is the first of two hops; its token is the subject of ordinary exchanges after it.
No release of Keycloak has a supported successor. Source: Keycloak's guide "Using token
exchange", section "Legacy token exchange", and `V1TokenExchangeProvider` of 26.7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange.exceptions import ExchangeMisconfigured, UnexpectedReply
from kc_exchange.exchange.discard import discard
from kc_exchange.exchange.grants import TOKEN_EXCHANGE
from kc_exchange.exchange.impersonation_refusals import ROWS
from kc_exchange.exchange.impersonation_reply import Impersonated, impersonated
from kc_exchange.exchange.limits import refuse_long_form, refuse_long_token
from kc_exchange.exchange.token_endpoint import ask
from kc_exchange.tokens import ACCESS_TOKEN

if TYPE_CHECKING:
    from kc_exchange.conf import Realm
    from kc_exchange.exchange.posts import Form
    from kc_exchange.tokens import SubjectToken

__all__ = ["Impersonated", "impersonate", "impersonation_form"]

_SCOPE = "openid"
"""Keycloak grants a scope of the operator's token alone. With `offline_access` in it,
as it would be with no scope asked for, no exchange takes the issued token."""


def impersonate(
    operator: SubjectToken, requested_subject: str, realm: Realm
) -> Impersonated:
    """Obtain a token of the user `requested_subject` for an operator.

    Every call begins a session of that user at Keycloak, which lasts until
    `end_session` or its own idle limit; so a request that may have arrived is not
    sent again. One call, within `realm.deadline` seconds; the session of a reply that
    is not what was asked for is ended again, which may take twice as long.

    Args:
        operator: the operator's own access token; `realm.client_id` is in its
            audience, or has issued it.
        requested_subject: the target's user id (`sub`) at Keycloak, not the username.
        realm: the client that impersonates.

    Raises:
        SubjectTokenRejected: Keycloak does not accept `operator`.
        ExchangeDenied: this operator may not impersonate this user.
        ExchangeMisconfigured: a setting here or at Keycloak is wrong; the reply
            is not what was asked for.
        ExchangeUnavailable: Keycloak did not answer in time.
    """
    form = impersonation_form(operator, requested_subject, realm)
    members = ask(realm, form, may_repeat=False, rows=ROWS)
    try:
        return impersonated(members, operator, requested_subject, realm)
    except UnexpectedReply:
        discard(members, operator, realm)
        raise


def impersonation_form(
    operator: SubjectToken, requested_subject: str, realm: Realm
) -> Form:
    """Return the form of the legacy exchange; it names no audience.

    Raises:
        ExchangeMisconfigured: there is no user id, or something is longer than
            Keycloak reads.
    """
    if not requested_subject:
        raise ExchangeMisconfigured(
            "The target has no user id at Keycloak.",
            "Impersonate users who have logged in through Keycloak, or whose `sub` "
            "the project knows.",
            realm=realm.alias,
            diagnosis="target_without_id",
        )
    form = [
        ("grant_type", TOKEN_EXCHANGE),
        ("requested_subject", requested_subject),
        # Without it Keycloak hands out a refresh token of the target.
        ("requested_token_type", ACCESS_TOKEN),
        ("scope", _SCOPE),
    ]
    refuse_long_form(
        form,
        "the impersonation",
        "Give the target's user id at Keycloak: a UUID.",
        realm=realm.alias,
    )
    refuse_long_token(operator.value, "operator", realm=realm.alias)
    return [
        *form,
        ("subject_token", operator.value),
        ("subject_token_type", operator.token_type),
    ]
