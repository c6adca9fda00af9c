"""Which realm a subject token may be taken to: never to one that must not see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kc_exchange import conf
from kc_exchange.capture.realms import realm_of_token
from kc_exchange.exceptions import ExchangeMisconfigured

if TYPE_CHECKING:
    from kc_exchange.conf import Downstream, Realm
    from kc_exchange.tokens import SubjectToken


def realm_of_subject(subject: SubjectToken) -> Realm:
    """Return the realm that issued a subject token.

    Raises:
        ExchangeMisconfigured: it is not configured.
    """
    return realm_of_token(subject.realm)


def own_realm(downstream: Downstream, subject: SubjectToken) -> Realm:
    """Return the realm that issued the token, as the client that the settings name.

    Raises:
        ExchangeMisconfigured: the downstream takes users of another realm alone.
    """
    own = _realms_token(downstream, subject)
    chosen = conf.current().realm(downstream.realm) if downstream.realm else own
    if chosen.issuer != own.issuer:
        raise ExchangeMisconfigured(
            f"The user's token is of realm {subject.realm!r}; for {downstream.name!r} "
            f"it would go to the Keycloak of realm {downstream.realm!r}.",
            "A standard exchange stays in one realm: leave REALM out where each user's "
            "own serves, or use STRATEGY 'jwt-grant' or 'cross-realm'.",
            audience=downstream.audience,
            realm=downstream.realm,
            diagnosis="other_realm",
        )
    return chosen


def grant_realm(downstream: Downstream, subject: SubjectToken) -> Realm:
    """Return the realm that an assertion is presented to.

    Raises:
        ExchangeMisconfigured: the token is a provider's, or the realm's own.
    """
    own = _realms_token(downstream, subject)
    there = conf.current().realm(downstream.realm)
    if own.issuer == there.issuer:
        raise ExchangeMisconfigured(
            f"The user's token is of realm {subject.realm!r} already, which issues the "
            f"tokens of {downstream.name!r}.",
            "Use STRATEGY 'exchange' for a downstream of the user's own realm.",
            audience=downstream.audience,
            realm=downstream.realm,
            diagnosis="same_realm",
        )
    return there


def broker_realm(downstream: Downstream, subject: SubjectToken) -> Realm:
    """Return the realm that exchanges the token of another issuer.

    Raises:
        ExchangeMisconfigured: the token is of another provider, or of none.
    """
    if downstream.strategy != "external":
        return grant_realm(downstream, subject)
    wanted = issuer_alias(downstream, subject)
    if subject.provider != wanted:
        raise ExchangeMisconfigured(
            f"{downstream.name!r} takes tokens of the provider {wanted!r}, and the "
            f"user's is one of {subject.provider or subject.realm!r}.",
            "Use STRATEGY 'exchange' for users who log in at the realm itself.",
            audience=downstream.audience,
            realm=downstream.realm,
            diagnosis="other_provider",
        )
    return conf.current().realm(downstream.realm)


def issuer_alias(downstream: Downstream, subject: SubjectToken) -> str:
    """Return the alias by which the downstream's realm knows the token's issuer.

    An impersonator's realm is one issuer with its users', and so it is named once.
    """
    if downstream.strategy == "external":
        return downstream.subject_issuer()
    settings, own = conf.current(), realm_of_subject(subject)
    same = [a for a, one in settings.realms.items() if one.issuer == own.issuer]
    users = settings.realm_of_issuer(own.issuer)
    usual = users.alias if users else same[0]
    aliases = (own.alias, usual, *same)
    named = (alias for alias in aliases if alias in downstream.subject_issuers)
    return downstream.subject_issuer(next(named, usual))


def _realms_token(downstream: Downstream, subject: SubjectToken) -> Realm:
    if subject.provider:
        raise ExchangeMisconfigured(
            f"The user's token is of the provider {subject.provider!r}, and "
            f"{downstream.name!r} needs one of a realm.",
            "Use STRATEGY 'external', or let the user log in at Keycloak.",
            audience=downstream.audience,
            diagnosis="provider_token",
        )
    return realm_of_subject(subject)
