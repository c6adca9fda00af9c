"""Checks of impersonation: what a project forgets around it."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import Tags, register
from django.urls import NoReverseMatch, URLResolver, get_resolver, reverse

from kc_exchange import conf
from kc_exchange.checks.banner import is_shown_somewhere
from kc_exchange.checks.message import error, warning
from kc_exchange.checks.project import is_function, misplaced
from kc_exchange.checks.record import signing_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.checks import CheckMessage

_MIDDLEWARE = "kc_exchange.middleware.ImpersonationMiddleware"
_BEFORE = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "kc_exchange.middleware.UserTokenMiddleware",
)


@register(Tags.security)
def check_impersonation(**_kwargs: Any) -> list[CheckMessage]:
    """E022-E025, W007-W011: the project around impersonation, where it is used."""
    if conf.problems():
        return []
    parsed = conf.current()
    found = [*_limits(parsed.impersonation), *signing_key(parsed.audit)]
    is_installed = _MIDDLEWARE in settings.MIDDLEWARE
    has_button = _has_button()
    if is_installed or has_button or parsed.impersonation.user_admin:
        found += _predicate(parsed.impersonation)
        found += _page_of_users(parsed.impersonation)
        found += (
            misplaced("E022", _MIDDLEWARE, _BEFORE) if is_installed else [_missing()]
        )
    if is_installed:
        found += [*_addresses(), *_forbidden(parsed.impersonation), *_banner()]
    return found


def _limits(limits: conf.Impersonation) -> Iterator[CheckMessage]:
    if limits.idle_minutes > limits.max_minutes:
        yield warning(
            "W008",
            f"IDLE_MINUTES is {limits.idle_minutes}, and no grant is longer than "
            f"{limits.max_minutes} minutes: none ever ends for being idle.",
            "Set IDLE_MINUTES below MAX_MINUTES in KC_EXCHANGE['IMPERSONATION'].",
        )


def _missing() -> CheckMessage:
    return error(
        "E023",
        f"{_MIDDLEWARE} is not in MIDDLEWARE, and the admin has the button: nobody "
        "would act as anybody.",
        f"Add it at the end of MIDDLEWARE, after {_BEFORE[-1]}.",
    )


def _predicate(limits: conf.Impersonation) -> Iterator[CheckMessage]:
    path = limits.may_impersonate
    if not is_function(path):
        yield error(
            "E025",
            f"KC_EXCHANGE['IMPERSONATION']['MAY_IMPERSONATE']: {path!r} is no "
            "function, so every impersonation fails.",
            "Give the dotted path of a function that can be imported.",
        )


def _has_button() -> bool:
    """Whether an admin site shows users by an `ImpersonateMixin`."""
    if not apps.is_installed("django.contrib.admin"):
        return False
    from django.contrib.admin.sites import all_sites  # noqa: PLC0415

    from kc_exchange.admin import ImpersonateMixin  # noqa: PLC0415

    return any(
        isinstance(shown_by, ImpersonateMixin)
        for site in all_sites
        for shown_by in site._registry.values()  # noqa: SLF001 - as Django's checks
    )


def _page_of_users(limits: conf.Impersonation) -> Iterator[CheckMessage]:
    if limits.user_admin and not _has_page_of_users():
        model = get_user_model()._meta.label  # noqa: SLF001 - public API
        yield warning(
            "W011",
            f"USER_ADMIN is set, and admin.site has no page of {model} to put the "
            "button on.",
            f"Register a ModelAdmin for {model} on admin.site, or leave USER_ADMIN "
            "out, and give your own site's the mixin kc_exchange.admin."
            "ImpersonateMixin.",
        )


def _has_page_of_users() -> bool:
    if not apps.is_installed("django.contrib.admin"):
        return False
    from django.contrib import admin  # noqa: PLC0415

    return admin.site.is_registered(get_user_model())


def _addresses() -> Iterator[CheckMessage]:
    try:
        reverse("kc_exchange:end")
    except NoReverseMatch:
        yield error(
            "E024",
            "The addresses of kc_exchange are not in ROOT_URLCONF: the banner has no "
            "button that ends an impersonation.",
            "Add path('impersonation/', include('kc_exchange.urls')).",
        )


def _forbidden(limits: conf.Impersonation) -> Iterator[CheckMessage]:
    chosen = limits.forbidden_url_names - conf.Impersonation().forbidden_url_names
    if not chosen:
        return
    known = set(_names(get_resolver()))
    for pattern in sorted(chosen):
        if not any(fnmatchcase(name, pattern) for name in known):
            yield warning(
                "W010",
                f"FORBIDDEN_URL_NAMES has {pattern!r}, and no URL has such a name: it "
                "protects nothing.",
                "Write names as reverse() takes them, with their namespace: "
                "'accounts:password_change'; * stands for any characters.",
            )


def _names(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            space = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from _names(pattern, before + space)
        elif pattern.name:
            yield before + pattern.name


def _banner() -> Iterator[CheckMessage]:
    if not is_shown_somewhere():
        yield warning(
            "W007",
            "No template of this project shows the banner: an operator would not see "
            "as whom they act.",
            "Put {% load kc_exchange %}{% impersonation_banner %} at the beginning of "
            "<body> in the base template.",
        )
