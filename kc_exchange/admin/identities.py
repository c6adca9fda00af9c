"""Who at Keycloak is who in Django."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.contrib import admin

if TYPE_CHECKING:
    from django.http import HttpRequest

    from kc_exchange.models import KeycloakIdentity

    _Base = admin.ModelAdmin[KeycloakIdentity]
else:
    _Base = admin.ModelAdmin


class KeycloakIdentityAdmin(_Base):
    """Look identities up; whom one stands for is not changed, but deleted and added.

    Whoever may add one can let a person at Keycloak log in as any user here: give that
    permission to nobody who should not be able to.
    """

    list_display = ("subject", "issuer", "user", "last_seen_at")
    list_select_related = ("user",)
    list_filter = ("issuer",)
    search_fields = ("subject", "issuer")
    raw_id_fields: ClassVar = ["user"]
    readonly_fields = ("created_at", "last_seen_at")
    show_full_result_count = False

    def has_change_permission(
        self, request: HttpRequest, obj: KeycloakIdentity | None = None
    ) -> bool:
        """Refuse: a subject stays whose it is."""
        del request, obj
        return False
