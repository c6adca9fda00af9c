"""Who at Keycloak is who in Django."""

from __future__ import annotations

import logging
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import (
    FieldDoesNotExist,
    ImproperlyConfigured,
    ValidationError,
)
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from kc_exchange.conf import current

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django.contrib.auth.base_user import AbstractBaseUser

logger = logging.getLogger(__name__)

SEEN_EVERY = timedelta(hours=1)
"""How far `last_seen_at` may lag behind: a request writes it this often at the most."""
_ATTEMPTS = 3
_COPIED = {"given_name": "first_name", "family_name": "last_name"}


class KeycloakIdentity(models.Model):
    """A subject of an issuer, and the user it stands for (RFC 9068 section 2.2).

    `iss` and `sub` together name a person for good; a name or an e-mail address may be
    another's tomorrow.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="keycloak_identities",
    )
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_seen_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:  # noqa: D106
        verbose_name = "Keycloak identity"
        verbose_name_plural = "Keycloak identities"
        permissions: ClassVar = [("run_doctor", "Can find out why Keycloak refuses")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["issuer", "subject"], name="kc_exchange_identity"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject} of {self.issuer}"

    def seen(self) -> None:
        """Note that the subject was here, once an hour at the most."""
        now = timezone.now()
        if now - self.last_seen_at >= SEEN_EVERY:
            self.last_seen_at = now
            type(self).objects.filter(pk=self.pk).update(last_seen_at=now)


def find_identity(*, issuer: str, subject: str) -> KeycloakIdentity | None:
    """Return the identity with its user, None where it is not known.

    A database whose collation ignores case finds others too: they are not it.
    """
    found = KeycloakIdentity.objects.select_related("user").filter(
        issuer=issuer, subject=subject
    )
    return next((i for i in found if (i.issuer, i.subject) == (issuer, subject)), None)


def remember_identity(
    user: AbstractBaseUser, *, issuer: str, subject: str
) -> KeycloakIdentity:
    """Note that `user` is this subject, for later requests with a token.

    An identity that is known keeps its user, whoever logs in now: to move it is a
    decision for a person. Compare `identity.user` where the difference matters.

    Args:
        user: who has just logged in.
        issuer: `iss` of the ID token, its signature checked.
        subject: `sub` of it.
    """
    identity, made = KeycloakIdentity.objects.select_related("user").get_or_create(
        issuer=issuer, subject=subject, defaults={"user_id": user.pk}
    )
    if not made:
        identity.seen()
    if identity.user_id != user.pk:
        logger.warning(
            "kc_exchange.identity_kept identity=%s user=%s logged_in=%s",
            identity.pk,
            identity.user_id,
            user.pk,
        )
    return identity


def user_of(claims: Mapping[str, Any]) -> AbstractBaseUser | None:
    """Return the user for verified claims, whom USER_FROM_CLAIMS decides on.

    A user that it returns for an unknown subject is remembered. Two first requests at
    the same time end with one user.

    Raises:
        ImproperlyConfigured: no user can be saved.
    """
    issuer, subject = str(claims["iss"]), str(claims["sub"])
    decide = import_string(current().user_from_claims)
    for _ in range(_ATTEMPTS):
        identity = find_identity(issuer=issuer, subject=subject)
        if identity is not None:
            identity.seen()
            user: AbstractBaseUser | None = decide(claims=claims, identity=identity)
            return user
        try:
            with transaction.atomic():
                user = decide(claims=claims, identity=None)
                if user is not None:
                    KeycloakIdentity.objects.create(
                        user_id=user.pk, issuer=issuer, subject=subject
                    )
                return user
        except IntegrityError as error:
            conflict = error
    raise ImproperlyConfigured(
        "The database refuses a user for a new subject of Keycloak. Fix: set "
        "USER_FROM_CLAIMS to a function that fills all that your user model needs."
    ) from conflict


def user_from_claims(
    *, claims: Mapping[str, Any], identity: KeycloakIdentity | None
) -> AbstractBaseUser | None:
    """Return the user of a known identity, or make one for a new identity.

    The new user has no usable password. It is called by its `preferred_username` where
    that name is free, else by its subject, else by a hash of issuer and subject; where
    e-mail addresses are the names, by the verified one or one below `.invalid`.

    It is never an account that exists already, though name and e-mail be equal: both
    are for users, or for another identity provider of the realm, to choose, so linking
    by them would hand `admin` to whoever is the first to call themself so. To link
    accounts, log in through the browser once, or write your own function.

    Args:
        claims: the claims of a valid access token.
        identity: what is known of its `iss` and `sub`; None at the first time.
    """
    if identity is not None:
        return identity.user
    model = get_user_model()
    name = next(filter(_is_free, _names(claims)), None)
    if name is None:
        return None
    user = model(**{model.USERNAME_FIELD: name}, **_details(claims))
    user.set_unusable_password()
    user.save()
    return user


def _names(claims: Mapping[str, Any]) -> Iterator[object]:
    subject = str(claims["sub"])
    digest = sha256(f"{claims['iss']}\n{subject}".encode()).hexdigest()
    if _names_are_mails():
        if claims.get("email_verified") is True:
            yield claims.get("email")
        yield from (f"{subject}@keycloak.invalid", f"{digest[:32]}@keycloak.invalid")
    else:
        yield from (claims.get("preferred_username"), subject, digest[:32])


def _names_are_mails() -> bool:
    model = get_user_model()
    field = model._meta.get_field(model.USERNAME_FIELD)  # noqa: SLF001 - public API
    return isinstance(field, models.EmailField)


def _is_free(name: object) -> bool:
    """Whether the model takes the name, and nobody has it in whatever case."""
    model = get_user_model()
    if not isinstance(name, str) or not _fits(model.USERNAME_FIELD, name):
        return False
    taken = {f"{model.USERNAME_FIELD}__iexact": name}
    plain = name == model.normalize_username(name)
    return plain and not model._default_manager.filter(**taken).exists()  # noqa: SLF001


def _fits(field_name: str, value: object) -> bool:
    model = get_user_model()
    if not isinstance(value, str) or not value or not value.isprintable():
        return False
    try:
        field = model._meta.get_field(field_name)  # noqa: SLF001 - public API
        field.run_validators(value)  # type: ignore[union-attr]
    except (FieldDoesNotExist, ValidationError):
        return False
    return True


def _details(claims: Mapping[str, Any]) -> dict[str, str]:
    """The person's names, and the address if it is verified, as far as they fit."""
    model = get_user_model()
    copied = dict(_COPIED)
    mail = model.get_email_field_name()
    if claims.get("email_verified") is True and mail != model.USERNAME_FIELD:
        copied["email"] = mail
    return {
        field: claims[claim]
        for claim, field in copied.items()
        if _fits(field, claims.get(claim))
    }
