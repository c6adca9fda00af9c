"""Who at Keycloak is who in Django."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.urls import path
from django.utils.translation import gettext_lazy

from kc_exchange.admin.doctor_page import RUN_DOCTOR, DoctorPage
from kc_exchange.admin.read_only import shown_moment
from kc_exchange.impersonation.marks import outside_transactions

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from kc_exchange.models import KeycloakIdentity

    _Base = admin.ModelAdmin[KeycloakIdentity]
else:
    _Base = admin.ModelAdmin


class KeycloakIdentityAdmin(_Base):
    """Look identities up; whom one stands for is not changed, but deleted and added.

    Whoever may add one can let a person at Keycloak log in as any user here: give that
    permission to nobody who should not be able to.
    """

    list_display = ("subject", "issuer", "user", "seen")
    list_select_related = ("user",)
    list_filter = ("issuer",)
    search_fields = ("subject", "issuer")
    raw_id_fields: ClassVar = ["user"]
    readonly_fields = ("created", "seen")
    show_full_result_count = False
    created = shown_moment("created_at", gettext_lazy("created at"))
    seen = shown_moment("last_seen_at", gettext_lazy("last seen at"))

    def get_urls(self) -> list[Any]:
        """Return the addresses of the identities, and that of the doctor."""
        own = path(
            "doctor/",
            self.admin_site.admin_view(self.doctor_view),
            name="kc_exchange_doctor",
        )
        return [own, *super().get_urls()]

    @outside_transactions
    def doctor_view(self, request: HttpRequest) -> HttpResponseBase:
        """Find out why Keycloak refuses, for those with the permission.

        Raises:
            PermissionDenied: the visitor has not `kc_exchange.run_doctor`.
        """
        user: Any = request.user
        if not user.has_perm(RUN_DOCTOR):
            raise PermissionDenied
        return DoctorPage(self, request).response()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show the list, with the way to the doctor for those with the permission."""
        user: Any = request.user
        own = {"may_run_doctor": user.has_perm(RUN_DOCTOR)}
        return super().changelist_view(request, {**(extra_context or {}), **own})

    def has_change_permission(
        self, request: HttpRequest, obj: KeycloakIdentity | None = None
    ) -> bool:
        """Refuse: a subject stays whose it is."""
        del request, obj
        return False
