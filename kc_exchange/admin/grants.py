"""Grants: who acts as whom, since when, how it ended; and the end of one, now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from kc_exchange.admin.details import result, told
from kc_exchange.admin.filters import OpenFilter, OperatorFilter, TargetFilter
from kc_exchange.admin.read_only import ReadOnlyAdmin, shown_moment
from kc_exchange.impersonation import end, end_current
from kc_exchange.impersonation.errors import AuditUnavailable
from kc_exchange.impersonation.marks import outside_transactions
from kc_exchange.impersonation.permissions import END, VIEW_EVENTS
from kc_exchange.models import AuditEvent, ImpersonationGrant
from kc_exchange.templatetags.kc_exchange import visible

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString

_SHOWN = 200
"""Events on the page of a grant; the others are in the list of events."""
_SHORT = 60

Cause = ImpersonationGrant.Cause


class ImpersonationGrantAdmin(ReadOnlyAdmin):
    """Show grants to those with `kc_exchange.view_impersonationgrant`, and end them.

    To end somebody else's takes `kc_exchange.end_impersonation`; one's own, nothing.
    """

    list_display = (
        "when",
        "people",
        "why",
        "ticket_shown",
        "state_and_mode",
    )
    list_filter: ClassVar = [
        OpenFilter,
        OperatorFilter,
        TargetFilter,
        "mode",
        ("requested_at", admin.DateFieldListFilter),
        "end_cause",
    ]
    search_fields = ("operator_name", "target_name", "reason", "ticket", "=target_id")
    actions = ("end_now",)
    ordering = ("-requested_at",)
    fieldsets = (
        (None, {"fields": (("who", "whom"), ("mode", "state", "ender"))}),
        (_("Why"), {"fields": ("reason_shown", ("ticket_shown", "category_shown"))}),
        (
            _("When"),
            {
                "fields": (
                    ("requested", "started"),
                    ("seen", "expires", "ended"),
                )
            },
        ),
        (_("From where"), {"fields": ("client_address", "browser", "session_digest")}),
        (
            _("At Keycloak"),
            {
                "fields": (
                    "realm",
                    ("operator_subject", "target_subject"),
                    ("keycloak_sid", "keycloak_jti"),
                )
            },
        ),
    )

    when = shown_moment("requested_at", _("when"))
    requested = shown_moment("requested_at", _("requested at"))
    started = shown_moment("started_at", _("started at"))
    seen = shown_moment("last_seen_at", _("last seen at"))
    expires = shown_moment("expires_at", _("expires at"))
    ended = shown_moment("ended_at", _("ended at"))

    @admin.display(description=_("who as whom"), ordering="operator_name")
    def people(self, grant: ImpersonationGrant) -> SafeString:
        """Return both in one column, to leave the reason its place."""
        return format_html(
            "{} as {}", visible(grant.operator_name), visible(grant.target_name)
        )

    @admin.display(description=_("operator"), ordering="operator_name")
    def who(self, grant: ImpersonationGrant) -> SafeString:
        """Return the operator's name of that moment."""
        return visible(grant.operator_name)

    @admin.display(description=_("target"), ordering="target_name")
    def whom(self, grant: ImpersonationGrant) -> SafeString:
        """Return the target's name of that moment."""
        return visible(grant.target_name)

    @admin.display(description=_("state"), ordering="ended_at")
    def state(self, grant: ImpersonationGrant) -> Any:
        """Return whether it goes on, or why not."""
        if grant.ended_at is not None:
            return grant.get_end_cause_display() or _("ended")
        return _("open") if grant.is_open else _("requested")

    @admin.display(description=_("state"), ordering="ended_at")
    def state_and_mode(self, grant: ImpersonationGrant) -> str:
        """Return both, in one column as well."""
        return f"{self.state(grant)}, {grant.get_mode_display()}"

    @admin.display(description=_("reason"))
    def why(self, grant: ImpersonationGrant) -> SafeString:
        """Return the beginning of the reason."""
        cut = grant.reason[:_SHORT]
        return visible(cut if cut == grant.reason else f"{cut}…")

    @admin.display(description=_("reason"))
    def reason_shown(self, grant: ImpersonationGrant) -> SafeString:
        """Return the whole reason."""
        return visible(grant.reason)

    @admin.display(description=_("ticket"), ordering="ticket")
    def ticket_shown(self, grant: ImpersonationGrant) -> SafeString | str:
        """Return the ticket."""
        return visible(grant.ticket) if grant.ticket else "-"

    @admin.display(description=_("category"), ordering="category")
    def category_shown(self, grant: ImpersonationGrant) -> SafeString | str:
        """Return the category."""
        return visible(grant.category) if grant.category else "-"

    @admin.display(description=_("browser"))
    def browser(self, grant: ImpersonationGrant) -> SafeString | str:
        """Return the user agent as it was sent."""
        return visible(grant.user_agent) if grant.user_agent else "-"

    @admin.display(description=_("ended by"))
    def ender(self, grant: ImpersonationGrant) -> SafeString | str:
        """Return who ended it, if it was not its operator."""
        return visible(grant.ended_by_name) if grant.ended_by_name else "-"

    @outside_transactions
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show the list; its action commits what it records by itself."""
        return super().changelist_view(request, extra_context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show all facts of a grant, and what happened under it."""
        grant = self.get_object(request, unquote(object_id))
        own = {} if grant is None else self._around(request, grant)
        extra = {**(extra_context or {}), **own}
        return super().change_view(request, object_id, form_url, extra)

    @admin.action(description=_("End now"))
    def end_now(
        self, request: HttpRequest, queryset: QuerySet[ImpersonationGrant]
    ) -> None:
        """End the chosen grants, as far as this user may, and say what was done."""
        ended, refused = 0, 0
        for grant in queryset.filter(ended_at=None):
            if not _may_end(request.user, grant):
                refused += 1
                continue
            try:
                ended += _end(request, grant)
            except AuditUnavailable as error:
                self.message_user(request, str(error), messages.ERROR)
                break
        done = ngettext("%d grant was ended.", "%d grants were ended.", ended) % ended
        self.message_user(request, done, messages.SUCCESS if ended else messages.INFO)
        if refused:
            self.message_user(
                request,
                _("%(count)d grants of others go on: ask for the permission %(name)s.")
                % {"count": refused, "name": END},
                messages.WARNING,
            )

    def _around(
        self, request: HttpRequest, grant: ImpersonationGrant
    ) -> dict[str, Any]:
        user: Any = request.user
        found = AuditEvent.objects.filter(grant_id=grant.pk).order_by("seq")
        events = list(found[: _SHOWN + 1]) if user.has_perm(VIEW_EVENTS) else None
        return {
            "may_end": grant.ended_at is None and _may_end(user, grant),
            "timeline": None if events is None else _lines(events[:_SHOWN]),
            "has_more": events is not None and len(events) > _SHOWN,
            "has_event_pages": self.admin_site.is_registered(AuditEvent),
        }


def _may_end(user: Any, grant: ImpersonationGrant) -> bool:
    return grant.operator_id == str(user.pk) or user.has_perm(END)


def _end(request: Any, grant: ImpersonationGrant) -> bool:
    current = getattr(request, "grant", None)
    if current is not None and current.pk == grant.pk:
        end_current(request)
        return True
    if grant.operator_id == str(request.user.pk):
        return end(grant, Cause.STOPPED)
    return end(grant, Cause.FORCED, by=request.user)


def _lines(events: list[AuditEvent]) -> list[dict[str, Any]]:
    """Return what the timeline shows of the events."""
    return [{"event": e, "told": told(e), "result": result(e)} for e in events]
