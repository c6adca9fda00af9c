"""The Django app."""

from __future__ import annotations

from django.apps import AppConfig


class KcExchangeConfig(AppConfig):
    """Register the checks and the receivers."""

    name = "kc_exchange"
    verbose_name = "Keycloak token exchange"
    default_auto_field = "django.db.models.BigAutoField"
