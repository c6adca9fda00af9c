"""The record, to be read and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from kc_exchange.admin.details import result, told
from kc_exchange.admin.filters import OperatorFilter, TargetFilter
from kc_exchange.admin.read_only import ReadOnlyAdmin, link_to, shown_moment
from kc_exchange.models import AuditEvent, ImpersonationGrant
from kc_exchange.templatetags.kc_exchange import visible

if TYPE_CHECKING:
    from django.utils.safestring import SafeString


class AuditEventAdmin(ReadOnlyAdmin):
    """Show events; `kc_exchange.view_auditevent` is asked for, changing is for nobody.

    The columns are what the list is searched by. What was hashed is the payload, and
    `manage.py kc_exchange audit verify` tells whether they agree.
    """

    list_display = ("no", "at", "people", "kind", "told", "result")
    list_filter: ClassVar = [
        OperatorFilter,
        TargetFilter,
        "type",
        "outcome",
        ("occurred_at", admin.DateFieldListFilter),
    ]
    search_fields = ("=code", "operator_name", "target_name", "=grant_id")
    fieldsets = (
        (None, {"fields": ("seq", "at", "kind", "outcome", "code")}),
        (_("People"), {"fields": ("who", "whom", "under")}),
        (_("What was recorded"), {"fields": ("said",)}),
        (_("Chain"), {"fields": ("event_id", "previous_hash", "hash")}),
    )
    ordering = ("-seq",)

    @admin.display(description=_("no."), ordering="seq")
    def no(self, event: AuditEvent) -> int:
        """Return the number, below a short word."""
        return event.seq

    at = shown_moment("occurred_at", _("when"))

    @admin.display(description=_("who as whom"), ordering="operator_name")
    def people(self, event: AuditEvent) -> SafeString:
        """Return both by name alone; their ids are on the page of the event."""
        operator = visible(event.operator_name or event.operator_id)
        named = event.target_name or event.target_id
        return format_html("{} as {}", operator, visible(named)) if named else operator

    @admin.display(description=_("details"))
    def told(self, event: AuditEvent) -> SafeString | str:
        """Return what was done."""
        return told(event)

    @admin.display(description=_("outcome"), ordering="outcome")
    def result(self, event: AuditEvent) -> SafeString | str:
        """Return how it went."""
        return result(event)

    @admin.display(description=_("type"), ordering="type")
    def kind(self, event: AuditEvent) -> str:
        """Return the event's type in the words of the filter."""
        return event.get_type_display()

    @admin.display(description=_("operator"), ordering="operator_name")
    def who(self, event: AuditEvent) -> SafeString:
        """Return the operator's name of that moment."""
        return _person(event.operator_name, event.operator_id)

    @admin.display(description=_("target"), ordering="target_name")
    def whom(self, event: AuditEvent) -> SafeString | str:
        """Return the target's name of that moment."""
        named = event.target_name or event.target_id
        return _person(event.target_name, event.target_id) if named else "-"

    @admin.display(description=_("grant"))
    def under(self, event: AuditEvent) -> SafeString | str:
        """Return a link to the grant."""
        if event.grant_id is None:
            return "-"
        pk = event.grant_id
        return link_to(self.admin_site, ImpersonationGrant, pk, str(pk))

    @admin.display(description=_("payload"))
    def said(self, event: AuditEvent) -> SafeString:
        """Return the payload, laid out, with every character in it visible."""
        return format_html('<pre class="kc-payload">{}</pre>', visible(shown(event)))


def _person(name: str, pk: str) -> SafeString:
    return format_html("{} ({})", visible(name), visible(pk))


def shown(event: AuditEvent) -> str:
    """Return the payload of `event` as text, whatever bytes it is."""
    try:
        found = json.loads(bytes(event.payload))
        return json.dumps(found, indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return bytes(event.payload).decode("utf-8", "backslashreplace")
