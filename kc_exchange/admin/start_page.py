"""The page that asks an operator why, how long and how, and starts the grant."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.contrib.admin.utils import quote
from django.core.exceptions import ValidationError
from django.http import HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from kc_exchange import conf
from kc_exchange.exceptions import ExchangeError
from kc_exchange.forms import ImpersonationForm
from kc_exchange.impersonation import check, end, end_current, start
from kc_exchange.impersonation.errors import ImpersonationRefused
from kc_exchange.impersonation.starting import refuse_here
from kc_exchange.middleware.answers import line
from kc_exchange.models import ImpersonationGrant

if TYPE_CHECKING:
    from django.contrib import admin
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

_log = logging.getLogger("kc_exchange")
Mode = ImpersonationGrant.Mode
_LOOKS = {
    "reason": "vLargeTextField",
    "ticket": "vTextField",
    "minutes": "vIntegerField",
}


class _Form(ImpersonationForm):
    """The form as the admin's own look."""

    required_css_class = "required"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, look in _LOOKS.items():
            self.fields[name].widget.attrs["class"] = look


class StartPage:
    """One visit to the start page of one target, on one admin site."""

    def __init__(
        self, shown_by: admin.ModelAdmin[Any], request: HttpRequest, target: Any
    ) -> None:
        self._admin = shown_by
        self._request: Any = request
        self._target = target
        self._has_grant = getattr(request, "grant", None) is not None
        self._modes: list[str] = []
        self._refusal: ExchangeError | None = None

    def response(self) -> HttpResponseBase:
        """Show the form, or do what was pressed."""
        method = self._request.method
        if method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        if method == "POST" and "_end_open" in self._request.POST:
            return self._end_open()
        self._ask_who_may()
        if method == "POST":
            return self._start()
        return self._page(_Form(modes=self._modes), self._refusal)

    def _ask_who_may(self) -> None:
        for mode in Mode.values:
            try:
                refuse_here(self._request)
                check(operator=self._request.user, target=self._target, mode=mode)
                self._modes.append(mode)
            except ExchangeError as error:
                self._refusal = self._refusal or error
        if self._modes:
            self._refusal = None

    def _start(self) -> HttpResponseBase:
        """Start on the terms of the form; who may not is refused by `start`.

        So an attempt is recorded, also one that no button led to.
        """
        form = _Form(self._request.POST, modes=self._modes or Mode.values)
        if not form.is_valid() or form.terms is None:
            return self._page(form, self._refusal)
        agreed = form.terms
        try:
            start(
                self._request,
                self._target,
                reason=agreed.reason,
                mode=agreed.mode,
                minutes=agreed.minutes,
                ticket=agreed.ticket,
                category=agreed.category,
                back=self._url("change"),
            )
        except ValidationError as error:
            form.add_error(None, error.messages)
            return self._page(form, self._refusal)
        except ExchangeError as error:
            _log.warning("kc_exchange.start_refused %s: %s", error.code, line(error))
            return self._page(form, error)
        return HttpResponseRedirect(conf.current().impersonation.start_url)

    def _end_open(self) -> HttpResponseBase:
        """End the operator's own grant, which another session of theirs holds."""
        open_grant = self._open()
        if self._has_grant:
            end_current(self._request)
        elif open_grant is not None:
            end(open_grant, ImpersonationGrant.Cause.STOPPED)
        return HttpResponseRedirect(self._url("impersonate"))

    def _open(self) -> ImpersonationGrant | None:
        mine = ImpersonationGrant.objects.filter(open_for=str(self._request.user.pk))
        return mine.first()

    def _page(
        self, form: ImpersonationForm, refusal: ExchangeError | None
    ) -> HttpResponseBase:
        site, names = self._admin.admin_site, self._admin.opts
        self._request.current_app = site.name
        context = {
            **site.each_context(self._request),
            "title": _("Act as %(name)s") % {"name": self._target.get_username()},
            "opts": names,
            "original": self._target,
            "form": form,
            "refusal": refusal,
            "said": _words_of(refusal),
            "may_try": bool(self._modes),
            "open_elsewhere": None if self._has_grant else self._open(),
            "has_view_permission": self._admin.has_view_permission(self._request),
            "change_url": self._url("change"),
        }
        folder = f"admin/{names.app_label}"
        return TemplateResponse(
            self._request,
            [
                f"{folder}/{names.model_name}/impersonate.html",
                f"{folder}/impersonate.html",
                "admin/kc_exchange/impersonate.html",
            ],
            context,
            status=_status(refusal),
        )

    def _url(self, page: str) -> str:
        names, site = self._admin.opts, self._admin.admin_site.name
        name = f"{site}:{names.app_label}_{names.model_name}_{page}"
        return reverse(name, args=[quote(self._target.pk)])


def _words_of(refusal: ExchangeError | None) -> str:
    """Return the words of Keycloak, if it was Keycloak that refused."""
    if refusal is None or isinstance(refusal, ImpersonationRefused):
        return ""
    return " ".join(filter(None, (refusal.error, refusal.description)))


def _status(refusal: ExchangeError | None) -> int:
    """Return the status of the page: no 401, which would ask for credentials."""
    if refusal is None:
        return HTTPStatus.OK
    found = refusal.http_status
    return HTTPStatus.FORBIDDEN if found == HTTPStatus.UNAUTHORIZED else found
