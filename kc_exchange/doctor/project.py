"""The project: its settings, as the system checks see them, and its login."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_backends
from django.core.checks import ERROR
from django.core.checks.registry import registry
from django.core.exceptions import ImproperlyConfigured

from kc_exchange import conf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kc_exchange.doctor.chart import Chart
    from kc_exchange.doctor.findings import Finding

SETTINGS, LOGIN = "settings", "login"
_OURS = "kc_exchange."
_MOZILLA = "kc_exchange.login.mozilla.KeycloakOIDCBackend"
_OPENID = "allauth.socialaccount.providers.openid_connect"
_KEEP = "Or call `kc_exchange.capture.keep` after the login."


def unusable(chart: Chart) -> Iterator[Finding]:
    """Yield every mistake in KC_EXCHANGE: with one of them nothing can be examined."""
    for problem in conf.problems():
        what = f"{problem.message} (kc_exchange.{problem.number})"
        yield chart.finding(SETTINGS, "settings_unusable", what=what, hint=problem.hint)


def check_settings(chart: Chart) -> Iterator[Finding]:
    """Yield what the system checks of this package say, but for its silenced ones."""
    found = [
        message
        for check in registry.get_checks()
        if check.__module__.startswith(_OURS)
        for message in check(app_configs=None, databases=None)
        if not message.is_silenced()
    ]
    for message in found:
        code = "check_failed" if message.level >= ERROR else "check_warns"
        yield chart.finding(
            SETTINGS,
            code,
            what=f"{message.msg} ({message.id})",
            hint=message.hint or "",
        )
    if not found:
        yield chart.holds(SETTINGS, "The system checks find no mistake.")


def check_login(chart: Chart) -> Iterator[Finding]:
    """Say if a login is installed that keeps no token."""
    found = [*_mozilla(chart), *_allauth(chart)]
    yield from found
    if not found:
        yield chart.holds(LOGIN, "No login is installed that would keep no token.")


def _mozilla(chart: Chart) -> Iterator[Finding]:
    if apps.is_installed("mozilla_django_oidc") and not _has_our_backend():
        yield chart.finding(
            LOGIN,
            "login_keeps_nothing",
            app="mozilla_django_oidc",
            missing=_MOZILLA,
            how=f"Name it in AUTHENTICATION_BACKENDS. {_KEEP}",
            setting="AUTHENTICATION_BACKENDS",
        )


def _has_our_backend() -> bool:
    """Whether a backend is ours, or one derived from it."""
    if _MOZILLA in settings.AUTHENTICATION_BACKENDS:
        return True
    try:
        from kc_exchange.login.mozilla import KeycloakOIDCBackend  # noqa: PLC0415

        return any(isinstance(b, KeycloakOIDCBackend) for b in get_backends())
    except (ImportError, ImproperlyConfigured):
        return False


def _allauth(chart: Chart) -> Iterator[Finding]:
    if apps.is_installed("allauth.socialaccount") and not apps.is_installed(_OPENID):
        yield chart.finding(
            LOGIN,
            "login_keeps_nothing",
            app="allauth.socialaccount",
            missing=_OPENID,
            how=f"Add it to INSTALLED_APPS, and log people in by it. {_KEEP}",
            setting="INSTALLED_APPS",
        )
