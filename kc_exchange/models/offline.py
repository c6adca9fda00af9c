"""Tokens that outlive a session, for the jobs of whom it was."""

from __future__ import annotations

from django.db import models, router
from django.utils import timezone

from kc_exchange.models.uuid7 import uuid7


class _Tokens(models.Manager["OfflineToken"]):
    """Tokens, read where they are written: a replica may know an older one."""

    def __init__(self, *, in_use: bool) -> None:
        super().__init__()
        self._in_use = in_use

    def get_queryset(self) -> models.QuerySet[OfflineToken]:
        alias = self._db or router.db_for_write(self.model)
        rows = super().get_queryset().using(alias)
        return rows.filter(ended_at__isnull=self._in_use)


class OfflineToken(models.Model):
    """The offline token of one login (OpenID Connect Core section 11), sealed.

    No foreign key leads to the user: the token is revoked when they go.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user_id = models.CharField(max_length=255, db_index=True)
    issuer = models.CharField(max_length=255)
    login_digest = models.CharField(  # noqa: DJ001 - NULLs are no duplicates
        max_length=64, null=True, unique=True
    )
    """HMAC over issuer, session at Keycloak (`sid`) and client, while it is in use."""
    session_digest = models.CharField(max_length=64, db_index=True)
    """HMAC over the key of Django's session."""
    sealed = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    """When the last reference to it is too old."""
    session_ends_at = models.DateTimeField()
    """When the session ends by its age, as it was last seen."""
    missing_at = models.DateTimeField(null=True, default=None)
    """When the session was not there, and that before its time."""

    ended_at = models.DateTimeField(null=True, default=None)
    """When it went out of use: it is here until Keycloak has revoked it."""

    objects = _Tokens(in_use=True)
    ended = _Tokens(in_use=False)

    class Meta:  # noqa: D106
        default_permissions = ()

    def __str__(self) -> str:
        return f"offline token {self.pk}"
