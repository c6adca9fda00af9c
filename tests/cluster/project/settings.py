"""Settings of the project; what is different at each run is in KC_EXCHANGE_CLUSTER."""

from __future__ import annotations

import json
import os
from typing import Any

from tests.cluster.project.bound import LOCAL_SECONDS
from tests.settings import TEMPLATES

__all__ = ["TEMPLATES"]

given: dict[str, Any] = json.loads(os.environ["KC_EXCHANGE_CLUSTER"])
"""`database`, `redis`, `mail`, `secret_key`, `issuer`, `downstream`, `clients`."""

SECRET_KEY = given["secret_key"]
ALLOWED_HOSTS = ["*"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "tests.cluster.project.views"
DATABASES = {
    "default": {
        **given["database"],
        "ENGINE": "django.db.backends.postgresql",
        "OPTIONS": {"pool": {"min_size": 1, "max_size": 60, "timeout": 30}},
    }
}
CACHES = {
    alias: {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": f"{given['redis']}/{number}",
    }
    for number, alias in enumerate(("default", "tokens"), 1)
}
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "kc_exchange",
]
MIDDLEWARE = [
    "tests.cluster.project.pid.pid_middleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "kc_exchange.middleware.UserTokenMiddleware",
    "kc_exchange.middleware.ImpersonationMiddleware",
]
KC_EXCHANGE = {
    "REALMS": {
        alias: {
            "ISSUER": given["issuer"],
            "CLIENT_ID": client,
            "CLIENT_SECRET": given["clients"][client],
            "DEADLINE": 10,
        }
        for alias, client in (("default", "shop"), ("support", "shop-support"))
    },
    "DOWNSTREAMS": {
        "orders-api": {"BASE_URL": given["downstream"], "SCOPES": ["orders:read"]},
    },
    "CACHE_SIZE": 200,  # full before a soak begins to measure
    # Hundreds of threads share the cores of one machine with Redis: if that waits for
    # a core, it is not away.
    "SHARED_CACHE": {
        "ALIAS": "tokens",
        "LOCAL_SECONDS": LOCAL_SECONDS,
        "TIMEOUT": 1.0,
    },
    "IMPERSONATION": {"REALM": "support", "ORDINARY_ROLES": ["customer"]},
}
ADMINS = [("Admin", "admin@example.com")]
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = given["mail"]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {
        "console": {"class": "logging.StreamHandler"},
        "mail": {
            "class": "django.utils.log.AdminEmailHandler",
            "level": "ERROR",
            "include_html": True,
        },
    },
    "root": {"level": "DEBUG", "handlers": ["console"]},
    "loggers": {"django.request": {"handlers": ["mail"]}},
}
