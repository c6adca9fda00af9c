"""The page that finds out why Keycloak refuses, with the visitor's own token."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.http import HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from kc_exchange import conf, doctor
from kc_exchange.exceptions import ExchangeError
from kc_exchange.sources import RequestSubject
from kc_exchange.sources.exchanged import is_over

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.contrib import admin
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from kc_exchange.doctor import Finding, Report, State

RUN_DOCTOR = "kc_exchange.run_doctor"
_STATES: dict[State, Any] = {
    "wrong": gettext_lazy("wrong"),
    "warning": gettext_lazy("to look at"),
    "unknown": gettext_lazy("not examined"),
    "ok": gettext_lazy("as it should be"),
}
"""The states in the words of the summary, what is wrong first."""


class _Form(forms.Form):
    """What is to be examined."""

    downstream = forms.ChoiceField(label=gettext_lazy("Downstream"), required=False)

    def __init__(self, *args: Any, names: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        all_of_them = ("", _("Everything"))
        choices = [all_of_them, *((name, name) for name in names)]
        self.fields["downstream"].choices = choices  # type: ignore[attr-defined]


class DoctorPage:
    """One visit, on one admin site."""

    seconds: ClassVar[float] = 20.0
    """For all of it: servers such as gunicorn end a request after 30."""

    def __init__(self, shown_by: admin.ModelAdmin[Any], request: HttpRequest) -> None:
        self._admin = shown_by
        self._request: Any = request
        self._without = ""
        """Why there is no token of the visitor's."""

    def response(self) -> HttpResponseBase:
        """Show the form, or examine and show what was found."""
        method = self._request.method
        if method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        names = [] if conf.problems() else sorted(conf.current().downstreams)
        if method != "POST":
            return self._page(_Form(names=names))
        form = _Form(self._request.POST, names=names)
        if not form.is_valid():
            return self._page(form, status=HTTPStatus.BAD_REQUEST)
        return self._page(form, self._examine(form.cleaned_data["downstream"]))

    @sensitive_variables()
    def _examine(self, audience: str) -> Report:
        token = "" if conf.problems() else self._token()
        return doctor.examine(token, audience=audience, seconds=self.seconds)

    @sensitive_variables()
    def _token(self) -> str:
        """Return the visitor's own token, as their views would have it."""
        subject = RequestSubject(self._request)
        try:
            token = subject.token()
            return (subject.renew(token) if is_over(token) else token).value
        except ExchangeError as error:
            self._without = error.cause
            return ""

    def _page(
        self,
        form: _Form,
        report: Report | None = None,
        status: int = HTTPStatus.OK,
    ) -> HttpResponseBase:
        site, names = self._admin.admin_site, self._admin.opts
        self._request.current_app = site.name
        context = {
            **site.each_context(self._request),
            "title": _("Find out why Keycloak refuses"),
            "opts": names,
            "form": form,
            "report": report,
            "groups": [] if report is None else [*_groups(report)],
            "summary": "" if report is None else doctor.summary(report),
            "without": self._without,
            "has_view_permission": self._admin.has_view_permission(self._request),
        }
        template = "admin/kc_exchange/doctor.html"
        return TemplateResponse(self._request, template, context, status=status)


def _groups(report: Report) -> Iterator[dict[str, Any]]:
    """Yield the findings of each state, by what they are about; the ok ones last."""
    for state, words in _STATES.items():
        findings = list(report.of(state))
        if findings:
            yield {
                "state": state,
                "words": words,
                "count": len(findings),
                "is_folded": state == "ok",
                "blocks": _blocks(findings),
            }


def _blocks(findings: list[Finding]) -> list[tuple[str, list[dict[str, Any]]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for finding in findings:
        found.setdefault(finding.about, []).append(_shown(finding))
    return list(found.items())


def _shown(finding: Finding) -> dict[str, Any]:
    return {
        "finding": finding,
        "state": _STATES[finding.state],
        "is_long": finding.state in {"wrong", "warning"} or bool(finding.setting),
    }
