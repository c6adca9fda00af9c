"""Settings of the project; its databases are files in DESK_FOLDER."""

from __future__ import annotations

import os
from pathlib import Path

from tests.settings import KC_EXCHANGE as _KC_EXCHANGE
from tests.settings import PASSWORD_HASHERS, SECRET_KEY, TEMPLATES

__all__ = ["PASSWORD_HASHERS", "SECRET_KEY", "TEMPLATES"]


def _database(name: str) -> dict[str, object]:
    folder = Path(os.environ["DESK_FOLDER"])
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(folder / f"{name}.sqlite3"),
        "OPTIONS": {"timeout": 60, "transaction_mode": "IMMEDIATE"},
    }


DATABASES = {"default": _database("default"), "records": _database("records")}
DATABASE_ROUTERS = ["tests.impersonation.project.router.Router"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.impersonation.desk"
AUTH_USER_MODEL = "custom_user.Member"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "tests.custom_user",
    "kc_exchange",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "kc_exchange.middleware.UserTokenMiddleware",
    "kc_exchange.middleware.ImpersonationMiddleware",
]
LOGGING_CONFIG = None
KC_EXCHANGE = {**_KC_EXCHANGE, "IMPERSONATION": {"AT_KEYCLOAK": "never"}}
