"""One impersonation: who acts as whom, why, how long, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from django.db import models, router
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kc_exchange.models.uuid7 import uuid7

if TYPE_CHECKING:
    from uuid import UUID


class _Kept(models.QuerySet["ImpersonationGrant"]):
    def delete(self) -> NoReturn:
        raise TypeError(_NEVER)


_NEVER = (
    "A grant is part of the record and is never deleted. "
    "Fix: end it, with kc_exchange.impersonation.end()."
)


class _Grants(models.Manager["ImpersonationGrant"]):
    """Grants, read where they are written: a replica may not know of an end yet."""

    def get_queryset(self) -> _Kept:
        return _Kept(self.model, using=self._db or router.db_for_write(self.model))

    def still_open(self, pk: UUID) -> _Kept:
        """Return the grant of that key, or nothing if it has ended."""
        return self.get_queryset().filter(pk=pk, ended_at=None)

    def in_force(self, pk: UUID) -> _Kept:
        """Return it, or nothing if it has ended or its time is up."""
        return self.still_open(pk).filter(expires_at__gt=timezone.now())


class _Tokens(models.Manager["GrantToken"]):
    """Tokens, read where they are written, too."""

    def get_queryset(self) -> models.QuerySet[GrantToken]:
        alias = self._db or router.db_for_write(self.model)
        return super().get_queryset().using(alias)


class ImpersonationGrant(models.Model):
    """A grant: one operator may act as one target, for a reason and a time.

    People are ids and the names they had; no foreign key leads to them, so the record
    outlives them.
    """

    class Mode(models.TextChoices):
        """What the operator may do."""

        READ_ONLY = "read-only", _("read only")
        READ_WRITE = "read-write", _("read and write")

    class Cause(models.TextChoices):
        """Why a grant ended."""

        STOPPED = "stopped", _("stopped by the operator")
        FORCED = "forced", _("ended by somebody else")
        EXPIRED = "expired", _("time limit reached")
        IDLE = "idle", _("idle for too long")
        LOGOUT = "logout", _("the operator logged out")
        SESSION_CHANGED = "session_changed", _("the session is another")
        SESSION_EXPIRED = "session_expired", _("the session is over")
        PASSWORD_CHANGED = "password_changed", _("the operator's password was changed")
        OPERATOR_INACTIVE = "operator_inactive", _("the operator was deactivated")
        OPERATOR_DELETED = "operator_deleted", _("the operator was deleted")
        OPERATOR_REFUSED = "operator_refused", _("the operator may no longer do this")
        TARGET_INACTIVE = "target_inactive", _("the target was deactivated")
        TARGET_DELETED = "target_deleted", _("the target was deleted")
        TARGET_CHANGED = "target_changed", _("the target got more rights")
        KEYCLOAK = "keycloak", _("Keycloak refused to go on")
        NOT_STARTED = "not_started", _("refused before it began")
        CLOCK = "clock", _("the clock went back")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    operator_id = models.CharField(max_length=255, db_index=True)
    operator_name = models.CharField(_("operator"), max_length=255)
    operator_subject = models.CharField(max_length=255, blank=True)
    target_id = models.CharField(max_length=255, db_index=True)
    target_name = models.CharField(_("target"), max_length=255)
    target_subject = models.CharField(max_length=255, blank=True)
    reason = models.TextField()
    ticket = models.CharField(max_length=100, blank=True)
    category = models.CharField(max_length=100, blank=True)
    mode = models.CharField(max_length=10, choices=Mode, default=Mode.READ_ONLY)
    requested_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, db_index=True)
    end_cause = models.CharField(max_length=20, choices=Cause, blank=True)
    ended_by_name = models.CharField(_("ended by"), max_length=255, blank=True)
    client_address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=256, blank=True)
    session_expires_at = models.DateTimeField(null=True, blank=True)
    """When the operator's session ends by itself, as far as it was known."""
    password_digest = models.CharField(max_length=64, blank=True)
    """HMAC over the operator's session hash: another one after a new password."""
    session_digest = models.CharField(max_length=64, blank=True)
    realm = models.CharField(max_length=100, blank=True)
    """Alias of the Keycloak realm; empty where the grant is local to Django."""
    keycloak_sid = models.CharField(max_length=255, blank=True)
    keycloak_jti = models.CharField(max_length=255, blank=True)
    open_for = models.CharField(  # noqa: DJ001 - NULLs are no duplicates
        max_length=255, null=True, unique=True, default=None, editable=False
    )
    """The operator's id while the grant is open: the database lets one be open."""

    objects = _Grants()

    class Meta:  # noqa: D106
        default_permissions = ("view",)
        permissions: ClassVar = [
            ("impersonate", "Can impersonate users, reading only"),
            ("impersonate_read_write", "Can impersonate users, writing too"),
            ("end_impersonation", "Can end other people's impersonation grants"),
        ]
        ordering: ClassVar = ["-requested_at"]

    def __str__(self) -> str:
        return f"{self.operator_name} as {self.target_name}"

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Raise: the record is kept."""
        raise TypeError(_NEVER)

    def refresh_from_db(self, using: str | None = None, *args: Any, **kw: Any) -> None:
        """Read the row again, where it is written."""
        super().refresh_from_db(using or router.db_for_write(type(self)), *args, **kw)

    @property
    def is_open(self) -> bool:
        """Whether it began and has not ended; its limits are judged elsewhere."""
        return self.started_at is not None and self.ended_at is None

    @property
    def is_read_only(self) -> bool:
        """Whether the operator may only look."""
        return self.mode != self.Mode.READ_WRITE

    @property
    def is_local(self) -> bool:
        """Whether Keycloak knows nothing of it."""
        return not self.realm


class GrantToken(models.Model):
    """The target's token of one grant, sealed; gone when Keycloak has revoked it.

    `current_for` is the grant's id while the token is in use, and NULL when it waits
    for its revocation: a grant has one in use at the most.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    grant_id = models.UUIDField(db_index=True)
    current_for = models.UUIDField(null=True, unique=True)
    sealed = models.TextField()
    realm = models.CharField(max_length=100)
    made_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveIntegerField(default=0)
    """How often its revocation failed."""

    objects = _Tokens()

    class Meta:  # noqa: D106
        default_permissions = ()

    def __str__(self) -> str:
        return f"token of grant {self.grant_id}"
