"""The first hop at Keycloak: the operator's token becomes one of the target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kc_exchange import capture, conf, exchange
from kc_exchange.exceptions import NoSubjectToken, SubjectTokenRejected
from kc_exchange.impersonation import tokens
from kc_exchange.impersonation.errors import ImpersonationRefused
from kc_exchange.impersonation.people import elsewhere_only, subject_of
from kc_exchange.sources import RequestSubject
from kc_exchange.tokens import claims_of, roles_of

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpRequest

    from kc_exchange.conf import Realm
    from kc_exchange.exceptions import ExchangeError
    from kc_exchange.exchange import Impersonated
    from kc_exchange.models import ImpersonationGrant
    from kc_exchange.sources import Subject
    from kc_exchange.tokens import SubjectToken

_EVERYBODYS = frozenset({"offline_access", "uma_authorization"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """Both people of a grant, as Keycloak knows them; all empty: local to Django."""

    realm: str = ""
    operator_subject: str = ""
    target_subject: str = ""
    operator: Subject | None = None


def ends(request: HttpRequest, target: AbstractBaseUser) -> Ends:
    """Return who the two are at Keycloak, as far as AT_KEYCLOAK asks for it.

    Raises:
        ImpersonationRefused: Keycloak does not know one of them, and should; or the
            target is another tenant's.
        ExchangeError: the operator's token cannot be had.
    """
    _refuse_other_realm(request, target)
    settings = conf.current().impersonation
    if settings.at_keycloak == "never":
        return Ends()
    try:
        return _known(RequestSubject(request), target, settings.realm)
    except ImpersonationRefused:
        if settings.at_keycloak == "if-known":
            return Ends()
        raise


def first_hop(ends: Ends, grant: ImpersonationGrant) -> Impersonated | None:
    """Obtain the target's token; None for a grant that is local to Django.

    Raises what `hop` raises.
    """
    return None if ends.operator is None else hop(ends.operator, grant)


def hop(operator: Subject, grant: ImpersonationGrant) -> Impersonated:
    """Exchange the operator's token for one of the target, in a session of its own.

    A token of the operator that is over is refreshed once.

    Raises:
        ExchangeError: Keycloak refuses, or is away.
        ImpersonationRefused: the target has roles that the operator has not, or the
            session has another realm's login since.
    """
    realm = conf.current().realm(grant.realm)
    mine = operator.token()
    _refuse_another_login(mine, realm)
    try:
        issued = exchange.impersonate(mine, grant.target_subject, realm)
    except SubjectTokenRejected:
        mine = operator.renew(mine)
        issued = exchange.impersonate(mine, grant.target_subject, realm)
    more = _more_roles(issued, mine)
    if more:
        tokens.give_back(grant, issued)
        raise ImpersonationRefused(
            f"At Keycloak this person has roles that you do not have: {more}.",
            "Ask somebody with those roles to do it, or ask an administrator.",
            reason="more_roles",
            setting="Name roles that give nobody power in ORDINARY_ROLES of "
            "KC_EXCHANGE['IMPERSONATION'].",
        )
    return issued


def code_of(error: ExchangeError) -> str:
    """Return the word for the record: why a start was refused."""
    return getattr(error, "reason", "") or error.code


def _refuse_other_realm(request: HttpRequest, target: AbstractBaseUser) -> None:
    """An address that is one realm's has operators for that realm's people alone."""
    own = capture.realm_of(request)
    if own is None or not elsewhere_only(target, own.issuer):
        return
    raise ImpersonationRefused(
        "This person belongs to another realm than this address.",
        "Go to an address of theirs, or ask its support.",
        reason="other_realm",
    )


def _known(operator: Subject, target: AbstractBaseUser, alias: str) -> Ends:
    realm = conf.current().realm(alias)
    try:
        token = operator.token()
    except NoSubjectToken:
        raise ImpersonationRefused(
            "You are logged in without Keycloak, so Keycloak cannot let you act as "
            "somebody else.",
            "Log in through Keycloak.",
            reason="operator_not_at_keycloak",
        ) from None
    _refuse_another_login(token, realm)
    subject = subject_of(target, realm.issuer)
    if not subject and elsewhere_only(target, realm.issuer):
        raise ImpersonationRefused(
            "This person belongs to another realm than the one that you may act in "
            f"({alias!r}).",
            "Ask the support of their own realm.",
            reason="other_realm",
        )
    if not subject:
        raise ImpersonationRefused(
            "Keycloak's name for this person is not known: they have never logged in "
            "here through Keycloak.",
            "Let them log in once, or ask an administrator.",
            reason="target_not_at_keycloak",
            setting="Make their KeycloakIdentity, in the admin or by "
            "kc_exchange.models.remember_identity.",
        )
    return Ends(
        realm=alias,
        operator_subject=str(claims_of(token.value).get("sub", "")),
        target_subject=subject,
        operator=operator,
    )


def _refuse_another_login(token: SubjectToken, realm: Realm) -> None:
    """No other realm's Keycloak is shown the operator's token."""
    if conf.current().realm(token.realm).issuer == realm.issuer:
        return
    raise ImpersonationRefused(
        f"You are logged in through realm {token.realm!r}, and realm {realm.alias!r} "
        "impersonates.",
        "Log in through that one, or ask an administrator.",
        reason="operator_not_at_keycloak",
        setting="Name a realm of the same issuer in REALM of "
        "KC_EXCHANGE['IMPERSONATION'].",
    )


def _more_roles(issued: Impersonated, operator: SubjectToken) -> str:
    """Name what the target's token has beyond the operator's, where both say."""
    mine = roles_of(claims_of(operator.value))
    if not mine:
        return ""
    ordinary = conf.current().impersonation.ordinary_roles | _EVERYBODYS
    more = {
        role
        for role in issued.roles - mine - ordinary
        if not role.startswith(("default-roles-", "account/"))
    }
    return ", ".join(sorted(more)[:5])
