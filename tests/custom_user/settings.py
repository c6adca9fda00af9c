"""A project whose users are `Person`s."""

from __future__ import annotations

from tests.settings import DATABASES, KC_EXCHANGE, SECRET_KEY

__all__ = ["DATABASES", "KC_EXCHANGE", "SECRET_KEY"]

USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "custom_user.Person"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "tests.custom_user",
    "kc_exchange",
]
