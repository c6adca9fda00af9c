"""A person as the record keeps them: ids, and the name of that moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kc_exchange.models import KeycloakIdentity

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

    from kc_exchange.models import ImpersonationGrant

_LONGEST = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who did something, or to whom."""

    id: str
    """The primary key of the user, as text."""
    name: str
    issuer: str = ""
    subject: str = ""
    """`sub` at Keycloak; empty where none is known."""


def person(user: AbstractBaseUser, *, issuer: str = "") -> Person:
    """Return `user` as a person, with their subject at `issuer` if it is known."""
    subject = subject_of(user, issuer) if issuer else ""
    return Person(
        id=str(user.pk),
        name=user.get_username()[:_LONGEST],
        issuer=issuer if subject else "",
        subject=subject,
    )


def subject_of(user: AbstractBaseUser, issuer: str) -> str:
    """Return the user's `sub` at `issuer`, the one seen last; empty without one."""
    known = KeycloakIdentity.objects.filter(user_id=user.pk, issuer=issuer)
    return (
        known.order_by("-last_seen_at").values_list("subject", flat=True).first() or ""
    )


def elsewhere_only(user: AbstractBaseUser, issuer: str) -> bool:
    """Whether Keycloak knows the user, and not at `issuer`."""
    known = KeycloakIdentity.objects.filter(user_id=user.pk)
    return known.exists() and not known.filter(issuer=issuer).exists()


def operator_of(grant: ImpersonationGrant, *, issuer: str = "") -> Person:
    """Return the grant's operator as the grant knows them."""
    return Person(
        id=grant.operator_id,
        name=grant.operator_name,
        issuer=issuer if grant.operator_subject else "",
        subject=grant.operator_subject,
    )


def target_of(grant: ImpersonationGrant, *, issuer: str = "") -> Person:
    """Return the grant's target as the grant knows them."""
    return Person(
        id=grant.target_id,
        name=grant.target_name,
        issuer=issuer if grant.target_subject else "",
        subject=grant.target_subject,
    )
