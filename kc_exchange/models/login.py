"""Which sessions hold which login at Keycloak, so that a logout there finds them."""

from __future__ import annotations

from django.db import models, router
from django.utils import timezone


class _Logins(models.Manager["KeycloakLogin"]):
    """Logins, read where they are written: a replica may not know of one yet."""

    def get_queryset(self) -> models.QuerySet[KeycloakLogin]:
        alias = self._db or router.db_for_write(self.model)
        return super().get_queryset().using(alias)


class KeycloakLogin(models.Model):
    """A session of this project that holds a login's tokens.

    The table is no list of sessions that somebody could use: their keys are sealed, as
    people at Keycloak are, and what is looked up is an HMAC, all under SECRET_KEY.
    """

    session_digest = models.CharField(max_length=64, unique=True)
    """HMAC of the session's key."""
    sealed_key = models.TextField()
    """The key, which is what it takes to delete the session."""
    session_mark = models.CharField(max_length=64, db_index=True)
    """HMAC of `iss` and `sid` at Keycloak."""
    person_mark = models.CharField(max_length=64, db_index=True)
    """HMAC of `iss` and `sub`."""
    user_id = models.CharField(max_length=255, db_index=True)
    """Who is logged in here in that session."""
    sealed_person = models.TextField()
    """`iss` and `sub`, for when that user is deactivated."""
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    ended_at = models.DateTimeField(null=True, default=None)
    """When Keycloak said that it is over, by its clock: a login whose tokens are not
    newer must not begin it anew."""

    objects = _Logins()

    class Meta:  # noqa: D106
        default_permissions = ()

    def __str__(self) -> str:
        return f"login {self.pk}"
