"""The Django app."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig, apps


class KcExchangeConfig(AppConfig):
    """Register the checks, and the receivers that keep and forget a login's tokens."""

    name = "kc_exchange"
    verbose_name = "Keycloak token exchange"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect what has to be connected once."""
        from django.contrib.auth.signals import user_logged_in  # noqa: PLC0415

        from kc_exchange import capture  # noqa: PLC0415

        import_module("kc_exchange.checks")
        import_module("kc_exchange.impersonation.receivers").connect()
        import_module("kc_exchange.impersonation.audit.guards").connect()
        import_module("kc_exchange.logout.receivers").connect()
        import_module("kc_exchange.jobs.offline").connect()
        user_logged_in.connect(
            capture.seal_pending, dispatch_uid="kc_exchange.capture.seal_pending"
        )
        if apps.is_installed("allauth.socialaccount"):
            import_module("kc_exchange.login.allauth").connect()
        if apps.is_installed("drf_spectacular"):
            import_module("kc_exchange.drf.schema")
        if apps.is_installed("django.contrib.admin") and _wants_button():
            import_module("kc_exchange.admin.user_admin").extend_user_admin()


def _wants_button() -> bool:
    """Whether the settings ask for the button on the page of users."""
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415

    from kc_exchange import conf  # noqa: PLC0415

    try:
        return conf.current().impersonation.user_admin
    except ImproperlyConfigured:  # the system checks say what is wrong
        return False
