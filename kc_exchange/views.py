"""The end of an impersonation, at a press of the banner's button."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponseRedirect
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_POST

from kc_exchange.impersonation import as_operator, end_current
from kc_exchange.impersonation.marks import outside_transactions

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@outside_transactions
@as_operator
@login_not_required
@never_cache
@require_POST
@csrf_protect
def end(request: HttpRequest) -> HttpResponse:
    """End the grant of this session, and go back to where it was started.

    It takes no parameter: nobody ends anything but what their own session holds. Where
    there is nothing to end, such as at a second press, it says so and ends nothing.

    Raises:
        AuditUnavailable: the end cannot be recorded, so the grant is still open.
    """
    grant = getattr(request, "grant", None)
    if grant is None:
        _say(request, _("You do not act as anybody else here."))
        return HttpResponseRedirect(get_script_prefix())
    back = end_current(request)
    _say(request, _("You no longer act as %(name)s.") % {"name": grant.target_name})
    return HttpResponseRedirect(back or _page_of(request, grant.target_id))


def _say(request: HttpRequest, text: str) -> None:
    messages.info(request, text, fail_silently=True)


def _page_of(request: HttpRequest, target_id: str) -> str:
    """Return the target's page in the admin, or the front page."""
    user: Any = request.user
    front = get_script_prefix()
    if not getattr(user, "is_staff", False) or not apps.is_installed(
        "django.contrib.admin"
    ):
        return front
    from django.contrib.admin.utils import quote  # noqa: PLC0415 - may not be installed

    people = get_user_model()._meta  # noqa: SLF001 - public API
    name = f"admin:{people.app_label}_{people.model_name}_change"
    try:
        return reverse(name, args=[quote(target_id)])
    except NoReverseMatch:
        return front
