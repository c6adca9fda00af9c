"""What a person or a program gets when a view lets an `ExchangeError` through.

Cause and fix are shown to those who can act on them: the user to whom nothing but a
new login is left, a developer under DEBUG, staff. Everybody else gets a plain page, and
the log has the rest.
"""

from __future__ import annotations

import logging
import re
import time
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

from kc_exchange.exceptions import (
    DownstreamError,
    ExchangeDenied,
    ExchangeError,
    ExchangeUnavailable,
    InvalidToken,
    NoSubjectToken,
    StepUpRequired,
    SubjectTokenRejected,
)

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

_log = logging.getLogger("kc_exchange")
_LOGGED_IN_AT = "_kc_exchange_login_at"
_QUOTABLE = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]+")
_LOOP = 30
"""Seconds after which a second login may be tried for the same reason."""

_TITLES = (
    (NoSubjectToken, "Please log in"),
    (SubjectTokenRejected, "Please log in again"),
    (InvalidToken, "The access token is not accepted"),
    (ExchangeDenied, "You may not use this service"),
    (ExchangeUnavailable, "The login service is not available"),
    (StepUpRequired, "Please log in again"),
    (DownstreamError, "The service refuses the call"),
)
_TITLE = "This page cannot be shown right now"


def answer(request: HttpRequest, error: ExchangeError) -> HttpResponseBase:
    """Return the response for `error`.

    A 401 with `WWW-Authenticate` (RFC 6750 section 3) for a bearer request, a new
    login for a browser's session, else a page or JSON with the error's status.
    """
    level = logging.WARNING if error.http_status < 500 else logging.ERROR  # noqa: PLR2004
    _log.log(level, "kc_exchange.unhandled %s: %s", error.code, line(error))
    wants_login = isinstance(error, (NoSubjectToken, SubjectTokenRejected))
    if wants_login and _may_log_in(request, error):
        if isinstance(error, SubjectTokenRejected):
            request.session[_LOGGED_IN_AT] = int(time.time())
        return redirect_to_login(_page_after_login(request))
    response = _explanation(request, error)
    response["Cache-Control"] = "no-store"
    if isinstance(error, ExchangeUnavailable):
        response["Retry-After"] = str(int(min(60, max(1, error.retry_after or 5))))
    if response.status_code == 401:  # noqa: PLR2004
        response["WWW-Authenticate"] = _challenge(request, error)
    return response


def line(error: ExchangeError) -> str:
    """The error on one line: names of people are in it, which are theirs to choose."""
    return "".join(
        c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in f"{error}"
    )


def _may_log_in(request: HttpRequest, error: ExchangeError) -> bool:
    """Only for a page in a browser, and not in a circle."""
    if _is_bearer(request) or _wants_json(request) or not hasattr(request, "session"):
        return False
    user = getattr(request, "user", None)
    if isinstance(error, NoSubjectToken) and user is not None and user.is_authenticated:
        return False
    before = request.session.get(_LOGGED_IN_AT, 0)
    return not 0 <= time.time() - before < _LOOP


def _page_after_login(request: HttpRequest) -> str:
    """The page itself, or the one that its form was on."""
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    page = request.headers.get("Referer", "")
    here = {request.get_host()}
    safe = url_has_allowed_host_and_scheme(
        page, here, require_https=request.is_secure()
    )
    return page if safe else "/"


def _is_bearer(request: HttpRequest) -> bool:
    return request.headers.get("Authorization", "")[:7].lower() == "bearer "


def _wants_json(request: HttpRequest) -> bool:
    by_script = request.headers.get("Sec-Fetch-Dest", "document") == "empty"
    return by_script or _is_bearer(request) or not request.accepts("text/html")


def _challenge(request: HttpRequest, error: ExchangeError) -> str:
    if isinstance(error, StepUpRequired):
        asked = {"acr_values": error.acr_values, "max_age": error.max_age}
        named = "".join(
            f', {k}="{v}"' for k, v in asked.items() if _QUOTABLE.fullmatch(v)
        )
        return f'Bearer error="insufficient_user_authentication"{named}'
    if isinstance(error, NoSubjectToken) and not _is_bearer(request):
        return "Bearer"
    return (
        'Bearer error="invalid_token", '
        'error_description="The access token is expired or not accepted"'
    )


def _explanation(request: HttpRequest, error: ExchangeError) -> HttpResponse:
    for_user = error.http_status == 401 or error.for_everybody  # noqa: PLR2004
    shown = for_user or settings.DEBUG or _is_staff(request)
    known = next((t for kind, t in _TITLES if isinstance(error, kind)), _TITLE)
    title = getattr(error, "title", known)
    facts: dict[str, Any] = {"title": title, "code": error.code}
    facts |= getattr(error, "facts", {})
    if shown:
        facts |= {"cause": error.cause, "fix": error.fix}
        facts["said"] = " ".join(filter(None, (error.error, error.description)))
    if _wants_json(request):
        return JsonResponse({"error": facts}, status=error.http_status)
    return render(
        request, "kc_exchange/error.html", {"facts": facts}, status=error.http_status
    )


def _is_staff(request: HttpRequest) -> bool:
    return bool(getattr(getattr(request, "user", None), "is_staff", False))
