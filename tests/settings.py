"""The project that the tests run in."""

from __future__ import annotations

SECRET_KEY = "only-for-tests-0123456789abcdefghijklmnopqrstuvwxyz"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = "tests.urls"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework",
    "kc_exchange",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "kc_exchange.middleware.UserTokenMiddleware",
    "kc_exchange.middleware.ImpersonationMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "DIRS": ["templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "/login/"
STATIC_URL = "static/"
KC_EXCHANGE = {
    "REALMS": {
        "default": {
            "ISSUER": "http://127.0.0.1:9/realms/demo",
            "CLIENT_ID": "django-app",
            "CLIENT_SECRET": "only-for-tests",
        }
    },
    "DOWNSTREAMS": {
        "orders-api": {
            "BASE_URL": "http://127.0.0.1:9/orders/",
            "SCOPES": ["orders:read"],
        },
    },
}
# Django 6.1 warns where none is named; before, nobody reads it.
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
