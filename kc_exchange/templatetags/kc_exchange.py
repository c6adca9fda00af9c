"""`{% load kc_exchange %}`: the banner, text that hides nothing, and moments."""

from __future__ import annotations

import unicodedata
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from django import template
from django.conf import settings
from django.middleware.csrf import get_token
from django.template import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape, format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe

from kc_exchange import conf
from kc_exchange.impersonation import current_grant
from kc_exchange.impersonation.marks import is_as_operator

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

    from kc_exchange.models import ImpersonationGrant

register = template.Library()

_SHORT = 120
"""Characters of a reason that the banner shows without being asked."""
_SHAPELESS = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Controls, formats, what is unassigned, halves of characters, separators."""


@register.simple_tag(takes_context=True)
def impersonation_banner(context: Context) -> str:
    """Show who acts as whom, why and how long, and the button that ends it.

    Nothing where nobody does; then neither session nor database is asked. A template
    without `request` in its context shows the banner without the button.
    """
    request = context.get("request") or getattr(context, "request", None)
    grant = current_grant() if request is None else getattr(request, "grant", None)
    if grant is None:
        return ""
    facts = {
        **_facts(grant, request),
        "request": request,
        "csp_nonce": context.get("csp_nonce"),
    }
    shown: Any = context.template.engine.get_template("kc_exchange/banner.html")  # type: ignore[union-attr]
    # A context of its own: within `autoescape off` the reason is escaped all the same.
    page: str = shown.render(Context(facts))
    return page


@register.simple_tag(takes_context=True)
def way_back(context: Context) -> str:
    """Return the page of this site that led to a refused request, "" without one."""
    request: Any = context.get("request") or getattr(context, "request", None)
    page: str = "" if request is None else request.headers.get("Referer", "")
    if not page or (request.method == "GET" and page == request.build_absolute_uri()):
        return ""
    here, is_secure = {request.get_host()}, request.is_secure()
    is_ours = url_has_allowed_host_and_scheme(page, here, require_https=is_secure)
    return page if is_ours else ""


@register.simple_tag
def start_url() -> str:
    """Return where an operator arrives as the target."""
    return conf.current().impersonation.start_url


@register.simple_tag(takes_context=True)
def stylesheet(context: Context, name: str) -> SafeString:
    """Return the link to a style sheet among the static files."""
    link = '<link rel="stylesheet" href="{}"{}>'
    return format_html(link, _asset(name), _nonce(context))


@register.simple_tag(takes_context=True)
def script(context: Context, name: str) -> SafeString:
    """Return the element that loads a script among the static files."""
    element = '<script src="{}" defer{}></script>'
    return format_html(element, _asset(name), _nonce(context))


@register.filter
def visible(text: object) -> SafeString:
    """Show `text` with the number of each character in place of what has no shape.

    Such as U+202E, which turns the letters after it around. Whatever the text holds,
    it does not change the order of what stands around it.
    """
    runs = (
        "".join(map(_numbered, run)) if hidden else escape("".join(run))
        for hidden, run in groupby(str(text), _has_no_shape)
    )
    return format_html('<bdi class="kc-text">{}</bdi>', mark_safe("".join(runs)))  # noqa: S308 - escaped


@register.filter
def moment(when: datetime | None) -> SafeString | str:
    """Show a moment to the second, in the time zone of whoever looks.

    Day and time may stand below one another, and are not broken themselves.
    """
    if when is None:
        return "-"
    here = timezone.localtime(when) if timezone.is_aware(when) else when
    return format_html(
        '<time class="kc-moment" datetime="{}"><span>{}</span> <span>{}</span></time>',
        here.isoformat(timespec="seconds"),
        date_format(here, "Y-m-d"),
        date_format(here, "H:i:s"),
    )


def _asset(name: str) -> str:
    """Return the URL of a static file, also before `collectstatic` has run."""
    try:
        return str(static(name))
    except ValueError:
        return urljoin(settings.STATIC_URL or "", name)


def _nonce(context: Context) -> SafeString | str:
    """Return the attribute that a page's content security policy may ask for."""
    request = context.get("request") or getattr(context, "request", None)
    nonce = context.get("csp_nonce") or getattr(request, "csp_nonce", "")
    return format_html(' nonce="{}"', nonce) if nonce else ""


def _facts(grant: ImpersonationGrant, request: HttpRequest | None) -> dict[str, Any]:
    until = min(grant.expires_at, grant.session_expires_at or grant.expires_at)
    seconds = max(0, int((until - timezone.now()).total_seconds()))
    match = getattr(request, "resolver_match", None)
    return {
        "grant": grant,
        "as_operator": is_as_operator(match),
        "is_long": len(grant.reason) > _SHORT,
        "short": _SHORT,
        "seconds": seconds,
        "minutes": -(-seconds // 60),
        "until": until,
        "csrf_token": None if request is None else get_token(request),
    }


def _has_no_shape(char: str) -> bool:
    return unicodedata.category(char) in _SHAPELESS and char not in "\n\t"


def _numbered(char: str) -> str:
    name = unicodedata.name(char, "")
    return format_html(
        '<span class="kc-char" title="{}">U+{}</span>', name, f"{ord(char):04X}"
    )
