"""The record: events that are only ever added, each hashed over the one before."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

from kc_exchange.models.uuid7 import uuid7


class AppendOnly(TypeError):
    """Somebody tried to change or delete a record."""

    def __init__(self) -> None:
        super().__init__(
            "Audit events are never changed or deleted. Fix: record another event."
        )


class _Recorded(models.QuerySet["AuditEvent"]):
    """A query that only reads."""

    def update(self, **_kwargs: Any) -> NoReturn:
        raise AppendOnly

    def delete(self) -> NoReturn:
        raise AppendOnly

    def bulk_update(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise AppendOnly

    def bulk_create(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise AppendOnly


class AuditEvent(models.Model):
    """One event. `payload` is what was hashed; the other columns are for searching.

    Written by `kc_exchange.impersonation.audit` alone. The table is not managed, so
    that `flush` leaves it alone; changes to it are migrations written by hand.
    """

    class Type(models.TextChoices):
        """What happened."""

        START_REQUESTED = "start.requested", _("start requested")
        START_GRANTED = "start.granted", _("start granted")
        START_DENIED = "start.denied", _("start denied")
        GRANT_ENDED = "grant.ended", _("grant ended")
        REQUEST_STARTED = "request.started", _("request started")
        REQUEST_FINISHED = "request.finished", _("request finished")
        REQUEST_REFUSED = "request.refused", _("request refused")
        TOKEN_ISSUED = "token.issued", _("token issued")
        TOKEN_DENIED = "token.denied", _("token denied")
        TOKEN_REVOKED = "token.revoked", _("token revoked")
        REVOCATION_FAILED = "token.revocation_failed", _("revocation failed")

    class Outcome(models.TextChoices):
        """How it went."""

        SUCCESS = "success", _("success")
        FAILURE = "failure", _("failure")
        UNKNOWN = "unknown", _("unknown")

    seq = models.BigIntegerField(_("number"), primary_key=True)
    event_id = models.UUIDField(unique=True, default=uuid7)
    type = models.CharField(max_length=40, choices=Type, db_index=True)
    outcome = models.CharField(max_length=10, choices=Outcome)
    code = models.CharField(max_length=60, blank=True)
    occurred_at = models.DateTimeField(db_index=True)
    operator_id = models.CharField(max_length=255, blank=True, db_index=True)
    operator_name = models.CharField(_("operator"), max_length=255, blank=True)
    target_id = models.CharField(max_length=255, blank=True, db_index=True)
    target_name = models.CharField(_("target"), max_length=255, blank=True)
    grant_id = models.UUIDField(null=True, db_index=True)
    payload = models.BinaryField()
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects = _Recorded.as_manager()

    class Meta:  # noqa: D106
        managed = False
        db_table = "kc_exchange_auditevent"
        default_permissions = ("view",)
        ordering: ClassVar = ["-seq"]

    def __str__(self) -> str:
        return f"{self.seq} {self.type}"

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Raise: the record is kept."""
        raise AppendOnly


class AuditHead(models.Model):
    """The end of the chain: how many events there are, and the hash of the last."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    size = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64)

    class Meta:  # noqa: D106
        managed = False
        db_table = "kc_exchange_audithead"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.size} events"
