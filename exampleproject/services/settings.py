"""Settings that every service begins with.

They only take bearer tokens: no session, no login, no middleware of ours.
"""

from __future__ import annotations

from typing import Any

from exampleproject.environment import DEMO_SECRET_KEY, env, realm

DEBUG = env.bool("DEBUG", default=True)
SECRET_KEY = env.str("SECRET_KEY", default=DEMO_SECRET_KEY)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "UTC"
USE_TZ = True

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "kc_exchange",
    "exampleproject",
]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["kc_exchange.drf.KeycloakBearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}


def exchange_settings(name: str) -> dict[str, Any]:
    """Return KC_EXCHANGE of a service that takes both brands' people."""
    shop = {
        **realm(name),
        # Through the second one, support reads and writes in a customer's name.
        "AUTHORIZED_PARTIES": ["shop", "shop-support"],
        **_own(name),
    }
    studio = {
        **realm(name, "studio"),
        "USERS": True,
        "AUTHORIZED_PARTIES": ["studio"],
        **_own(name),
    }
    return {"REALMS": {"default": shop, "studio": studio}}


def shared_settings(name: str) -> dict[str, Any]:
    """Return KC_EXCHANGE of a service in the realm that both brands share."""
    own = {**realm(name, "shared-services"), "AUTHORIZED_PARTIES": ["kiln-gateway"]}
    return {"REALMS": {"default": {**own, **_own(name)}}}


def _own(name: str) -> dict[str, Any]:
    """Tokens are meant for this service alone, and nobody acts for somebody else."""
    return {"AUDIENCES": [env.str("SERVICE_AUDIENCE", default=name)], "ACTORS": {}}
