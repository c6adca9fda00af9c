"""What all screens of the record have in common: nobody changes anything there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html

from kc_exchange.templatetags.kc_exchange import moment, visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import Model
    from django.http import HttpRequest
    from django.utils.safestring import SafeString

    _Base = admin.ModelAdmin[Any]
else:
    _Base = admin.ModelAdmin


class ReadOnlyAdmin(_Base):
    """Let those with the view permission look, and nobody, superusers included, more.

    Fields are shown by the methods of the class, so that text keeps its order and
    hides nothing.
    """

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: records are not made here."""
        del request
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: records stay as they are."""
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: records are kept."""
        del request, obj
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return all that is on the page."""
        return flatten_fieldsets(self.get_fieldsets(request, obj))


def shown_moment(field: str, name: Any) -> Callable[[Any, Any], SafeString | str]:
    """Return a column of a moment, in the one form that all pages have."""

    @admin.display(description=name, ordering=field)
    def shown(_self: Any, record: Any) -> SafeString | str:
        return moment(getattr(record, field))

    return shown


def link_to(site: admin.AdminSite, kind: type[Model], pk: Any, text: str) -> SafeString:
    """Return a link to the page of a record, or its text where `site` has no page."""
    names = kind._meta  # noqa: SLF001 - public API
    name = f"{site.name}:{names.app_label}_{names.model_name}_change"
    try:
        url = reverse(name, args=[pk])
    except NoReverseMatch:
        return visible(text)
    return format_html('<a href="{}">{}</a>', url, visible(text))
