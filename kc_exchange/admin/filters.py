"""Filters beside the lists of grants and of events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.contrib.admin.views.main import ChangeList
    from django.db.models import QuerySet
    from django.http import HttpRequest

_LONGEST = 255


class PersonFilter(admin.SimpleListFilter):
    """A field for a person's name, or for their id as it was recorded.

    A list to choose from would name everybody who ever was in the record.
    """

    template = "admin/kc_exchange/person_filter.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return one choice, without which Django shows no filter."""
        del request, model_admin
        return [("", "")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Yield the text, and what else the list is filtered by."""
        own = {self.parameter_name, "p"}
        yield {
            "value": self.value() or "",
            "others": [
                (name, value)
                for name, values in changelist.filter_params.items()
                for value in values
                if name not in own
            ],
            "clear": changelist.get_query_string(remove=[self.parameter_name or ""]),
        }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return what is of this person."""
        del request
        said = (self.value() or "").strip()
        if not said or "\x00" in said:
            return queryset
        said = said[:_LONGEST]
        role = self.parameter_name
        by_name = Q(**{f"{role}_name__icontains": said})
        return queryset.filter(by_name | Q(**{f"{role}_id": said}))


class OperatorFilter(PersonFilter):
    """By who acted."""

    title = _("operator")
    parameter_name = "operator"


class TargetFilter(PersonFilter):
    """By whom they acted as."""

    title = _("target")
    parameter_name = "target"


class OpenFilter(admin.SimpleListFilter):
    """By whether a grant goes on."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the two states."""
        del request, model_admin
        return [("open", _("open")), ("ended", _("ended"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the grants of this state."""
        del request
        if self.value() not in {"open", "ended"}:
            return queryset
        return queryset.filter(ended_at__isnull=self.value() == "open")
