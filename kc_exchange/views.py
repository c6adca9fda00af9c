"""The end of an impersonation, and Keycloak's word that a login is over."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from kc_exchange import logout
from kc_exchange.exceptions import ExchangeError, InvalidToken
from kc_exchange.impersonation import as_operator, end_current
from kc_exchange.impersonation.marks import outside_transactions
from kc_exchange.jwt_validation import validate_logout_token

if TYPE_CHECKING:
    from django.http import HttpRequest

_log = logging.getLogger("kc_exchange")
_FORM = "application/x-www-form-urlencoded"
_LONGEST = 16 * 1024
"""Bytes of a body with a logout token in it."""


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


@outside_transactions
@csrf_exempt
@login_not_required
@require_POST
def backchannel_logout(request: HttpRequest) -> HttpResponse:
    """End the sessions of a login that is over at Keycloak, which posts this itself.

    The parameter `logout_token` is all it takes (OpenID Connect Back-Channel Logout
    1.0 section 2.5): no cookie, no CSRF token. 200 says that the login is over here,
    400 that the token is not valid or the logout failed (section 2.8); why is in the
    log alone.
    """
    response = HttpResponse()
    try:
        logout.obey(validate_logout_token(_logout_token(request)))
    except InvalidToken as error:
        _log.warning("kc_exchange.logout_token_refused reason=%s", error.reason)
        response = _refused("invalid_request", "The logout token is not valid.")
    except ExchangeError as error:
        response = _failed(error)
    except Exception as error:  # noqa: BLE001 - session stores have errors of their own
        kind = type(error).__name__
        response = _failed(f"{kind}. Fix: are the database and the sessions there?")
    response["Cache-Control"] = "no-store"
    return response


def _logout_token(request: HttpRequest) -> str:
    """Return the token of the form, nothing of which is read if it is too long."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if request.content_type != _FORM or not length.isdecimal():
        raise InvalidToken.because("it did not come in a form")
    if int(length) > _LONGEST:
        raise InvalidToken.because("the form is too long")
    tokens = request.POST.getlist("logout_token")
    if len(tokens) != 1:
        raise InvalidToken.because("not one logout_token in the form")
    return str(tokens[0])


def _failed(reason: object) -> JsonResponse:
    _log.error("kc_exchange.backchannel_logout_failed %s", reason)
    return _refused("server_error", "The logout failed: try again.")


def _refused(error: str, description: str) -> JsonResponse:
    return JsonResponse({"error": error, "error_description": description}, status=400)


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
