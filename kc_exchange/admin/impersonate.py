"""The button beside a user, and the page behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kc_exchange.admin.start_page import StartPage
from kc_exchange.impersonation import check
from kc_exchange.impersonation.errors import ImpersonationRefused
from kc_exchange.impersonation.marks import outside_transactions
from kc_exchange.impersonation.permissions import IMPERSONATE, VIEW_GRANTS
from kc_exchange.models import ImpersonationGrant

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.base_user import AbstractBaseUser
    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from django.utils.safestring import SafeString

    _Base = admin.ModelAdmin[AbstractBaseUser]
else:
    _Base = object

_SHOWN = 10
"""Grants on the page of a person; the others are in the list of grants."""


class ImpersonateMixin(_Base):
    """Let operators act as a user, from any `ModelAdmin` of the user model.

    It goes before the admin class: `class PersonAdmin(ImpersonateMixin, UserAdmin)`. It
    adds a column to the list, a button to the page of a user, for whom
    `impersonation.check` allows it, and the page that asks for reason, time and mode.
    The project's own templates for these pages are kept, and extended.
    """

    def get_urls(self) -> list[Any]:
        """Return the addresses of the admin class, and that of the start page."""
        names = self.opts
        own = path(
            "<path:object_id>/impersonate/",
            self.admin_site.admin_view(self.impersonate_view),
            name=f"{names.app_label}_{names.model_name}_impersonate",
        )
        return [own, *super().get_urls()]

    @outside_transactions
    def impersonate_view(
        self, request: HttpRequest, object_id: str
    ) -> HttpResponseBase:
        """Ask for the terms of a grant, and start it.

        Raises:
            PermissionDenied: the operator may not see this user.
        """
        target = self.get_object(request, unquote(object_id))
        if not self.has_view_or_change_permission(request, target):
            raise PermissionDenied
        if target is None:
            return self._not_there(request, object_id)
        return StartPage(self, request, target).response()

    def get_list_display(self, request: HttpRequest) -> Any:
        """Return the columns, and for operators that of the links, as the second.

        The list scrolls sideways where it is narrow: a link at its end is not seen.
        """
        columns = super().get_list_display(request)
        user: Any = request.user
        if IS_POPUP_VAR in request.GET or not user.has_perm(IMPERSONATE):
            return columns
        return [*columns[:1], self._column(user), *columns[1:]]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show the list of users, and the banner."""
        response = super().changelist_view(request, extra_context)
        return _around(response, "admin/kc_exchange/user_list.html")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show a user, the button, who acted as them, and the banner."""
        response = super().change_view(request, object_id, form_url, extra_context)
        person = (getattr(response, "context_data", None) or {}).get("original")
        if person is None:
            return response
        return _around(
            response,
            "admin/kc_exchange/user_page.html",
            impersonate_url=self._url(person) if _may(request.user, person) else "",
            impersonations=self._acted_as(request, person),
        )

    def _not_there(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Answer as the admin's own pages do for an object that is hidden, or gone."""
        site: Any = super()
        answered: HttpResponseBase = site._get_obj_does_not_exist_redirect(  # noqa: SLF001
            request, self.opts, object_id
        )
        return answered

    def _column(self, operator: Any) -> Callable[[Any], SafeString | str]:
        @admin.display(description=gettext_lazy("Act as"))
        def impersonate(person: Any) -> SafeString | str:
            if not _may(operator, person):
                return ""
            return format_html(
                '<a href="{}" aria-label="{}">{}</a>',
                self._url(person),
                _("Act as %(name)s") % {"name": person.get_username()},
                _("Act as"),
            )

        return impersonate

    def _url(self, person: Any) -> str:
        names = self.opts
        name = f"{names.app_label}_{names.model_name}_impersonate"
        return reverse(f"{self.admin_site.name}:{name}", args=[quote(person.pk)])

    def _acted_as(self, request: HttpRequest, person: Any) -> dict[str, Any] | None:
        """Return the newest grants, for those who may see them."""
        user: Any = request.user
        if not user.has_perm(VIEW_GRANTS):
            return None
        found: QuerySet[ImpersonationGrant] = ImpersonationGrant.objects.filter(
            target_id=str(person.pk)
        )
        shown = list(found[: _SHOWN + 1])
        has_page = self.admin_site.is_registered(ImpersonationGrant)
        return {
            "grants": shown[:_SHOWN],
            "has_more": len(shown) > _SHOWN,
            "target_id": str(person.pk),
            "has_page": has_page,
        }


def _may(operator: Any, person: Any) -> bool:
    try:
        check(operator=operator, target=person, mode=ImpersonationGrant.Mode.READ_ONLY)
    except ImpersonationRefused:
        return False
    return True


def _around(response: Any, template: str, **context: Any) -> Any:
    """Let `template` extend the one that the admin class chose for its page."""
    if not isinstance(response, TemplateResponse) or response.is_rendered:
        return response
    chosen = response.resolve_template(response.template_name)
    data = response.context_data or {}
    response.context_data = {**data, "kc_exchange_page": chosen, **context}
    response.template_name = template
    return response
