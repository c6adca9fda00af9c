"""A project with the button by one setting; what differs is in the environment."""

from __future__ import annotations

import os
from typing import Any

from tests.settings import DATABASES, MIDDLEWARE, SECRET_KEY, STATIC_URL, TEMPLATES
from tests.settings import KC_EXCHANGE as PLAIN

__all__ = ["DATABASES", "MIDDLEWARE", "SECRET_KEY", "STATIC_URL", "TEMPLATES"]

USE_TZ = True
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.admin.clerks.urls"
AUTH_USER_MODEL = os.environ.get("CLERKS_USER", "auth.User")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "tests.admin.clerks",
]
INSTALLED_APPS.insert(int(os.environ.get("CLERKS_PLACE", "7")), "kc_exchange")
KC_EXCHANGE: dict[str, Any] = {
    **PLAIN,
    "IMPERSONATION": {"AT_KEYCLOAK": "never", "USER_ADMIN": True, "START_URL": "/who/"},
}
