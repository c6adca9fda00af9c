"""Settings of the shop.

Every value that differs between machines is an environment variable, see `environment`;
without any of them the shop runs on this machine.
"""

from __future__ import annotations

from exampleproject.environment import (
    DEMO_SECRET_KEY,
    ROOT,
    database,
    env,
    issuer,
    logging,
    parcel_issuer,
    realm,
)

DEBUG = env.bool("DEBUG", default=True)
SECRET_KEY = env.str("SECRET_KEY", default=DEMO_SECRET_KEY)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
ROOT_URLCONF = "exampleproject.urls"
DATABASES = {"default": database("shop")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGGING = logging("shop")
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = env.str("STATIC_ROOT", default=str(ROOT / "build/static"))

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "mozilla_django_oidc",
    "rest_framework",
    "kc_exchange",
    "exampleproject",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "exampleproject.shop.policy.PolicyMiddleware",
    "kc_exchange.middleware.UserTokenMiddleware",
    "kc_exchange.middleware.ImpersonationMiddleware",
    "exampleproject.shop.trouble.TroubleMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "DIRS": [ROOT / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# Cookies know no ports: without a name of its own, the session of another project on
# this machine would be overwritten.
SESSION_COOKIE_NAME = "shop_session"
CSRF_COOKIE_NAME = "shop_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SECURE_SSL_REDIRECT = not DEBUG
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000

ISSUER = issuer()
CLIENT_ID = env.str("CLIENT_ID", default="shop")
CLIENT_SECRET = env.str("CLIENT_SECRET", default="shop-demo-secret-change-me")
SUPPORT_CLIENT_ID = env.str("SUPPORT_CLIENT_ID", default="shop-support")
SUPPORT_CLIENT_SECRET = env.str(
    "SUPPORT_CLIENT_SECRET", default="shop-support-demo-secret-change-me"
)
STUDIO_CLIENT_SECRET = env.str(
    "STUDIO_CLIENT_SECRET", default="studio-demo-secret-change-me"
)
GATEWAY_CLIENT_SECRET = env.str(
    "GATEWAY_CLIENT_SECRET", default="kiln-gateway-demo-secret-change-me"
)
ORDERS_API = env.str("ORDERS_API_URL", default="http://127.0.0.1:8001/")
ORDERS_AUDIENCE = env.str("ORDERS_API_AUDIENCE", default="orders-api")
BILLING_API = env.str("BILLING_API_URL", default="http://127.0.0.1:8002/")
ANALYTICS_API = env.str("ANALYTICS_API_URL", default="http://127.0.0.1:8003/")
PEOPLE = ROOT / "exampleproject/keycloak/people"

KC_EXCHANGE = {
    # Two brands, each with its own people in its own realm, at its own address.
    "REALM_OF_REQUEST": "kc_exchange.capture.realm_by_host",
    "REALMS": {
        "default": {
            **realm(CLIENT_ID),
            "CLIENT_SECRET": CLIENT_SECRET,
            "HOSTS": env.list("HOSTS", default=["127.0.0.1"]),
        },
        "studio": {
            **realm("studio", "studio"),
            "CLIENT_SECRET": STUDIO_CLIENT_SECRET,
            "HOSTS": env.list("STUDIO_HOSTS", default=["localhost"]),
        },
        # What the brands share; their people are known there, and do not log in there.
        "shared": {
            **realm("kiln-gateway", "shared-services"),
            "CLIENT_SECRET": GATEWAY_CLIENT_SECRET,
        },
        # The same realm through another client, which alone takes customers' tokens.
        "support": {
            **realm(SUPPORT_CLIENT_ID),
            "CLIENT_SECRET": SUPPORT_CLIENT_SECRET,
        },
    },
    "DOWNSTREAMS": {
        # As the user, each with a token of its own.
        "orders-api": {
            "BASE_URL": ORDERS_API,
            "AUDIENCE": ORDERS_AUDIENCE,
            "STRATEGY": "exchange",
            "SCOPES": ["orders:read"],
        },
        # The same service, for what changes something: a token that reads cannot.
        "order-desk": {
            "BASE_URL": ORDERS_API,
            "AUDIENCE": ORDERS_AUDIENCE,
            "STRATEGY": "exchange",
            "SCOPES": ["orders:write"],
        },
        "billing-api": {
            "BASE_URL": BILLING_API,
            "STRATEGY": "exchange",
            "SCOPES": ["billing:read"],
        },
        # As the shop itself: what is in stock is nobody's in particular.
        "stock": {
            "BASE_URL": ORDERS_API,
            "AUDIENCE": "orders-api",
            "STRATEGY": "service-account",
            "SCOPES": ["orders:read"],
        },
        # A service of the shared realm: the user's token is an assertion there ...
        "analytics-api": {
            "BASE_URL": ANALYTICS_API,
            "STRATEGY": "jwt-grant",
            "REALM": "shared",
            "SCOPES": ["analytics:read"],
            "ASSERTION_SCOPES": ["shared-services"],
            "SUBJECT_ISSUER": {"default": "shop"},
        },
        # ... and the same by the legacy exchange.
        "analytics-legacy": {
            "BASE_URL": ANALYTICS_API,
            "AUDIENCE": "analytics-api",
            "STRATEGY": "cross-realm",
            "REALM": "shared",
            "SCOPES": ["analytics:read"],
            "SUBJECT_ISSUER": {"default": "shop"},
        },
        # Keycloak's own user info takes the login's token and no other.
        "userinfo": {
            "BASE_URL": f"{ISSUER}/protocol/openid-connect/",
            "STRATEGY": "forward",
            "REALM": "default",
        },
        # A mistake on purpose: a token for billing-api, taken to orders-api. Asking for
        # one more scope keeps it apart in the cache: a refused token is dropped there.
        "wrong-door": {
            "BASE_URL": ORDERS_API,
            "AUDIENCE": "billing-api",
            "STRATEGY": "exchange",
            "SCOPES": ["billing:read", "profile"],
        },
    },
    # Whoever tracks a parcel has an account there: the shop's app takes it for a login.
    "PROVIDERS": {
        "parcel": {
            "KIND": "keycloak-oidc",
            "ISSUER": parcel_issuer(),
            "AUDIENCES": ["kiln-app"],
            "CLIENT_ID": "kiln",
            "CLIENT_SECRET": "kiln-demo-secret-change-me",
        },
    },
    "USER_FROM_CLAIMS": "exampleproject.shop.people.user_from_claims",
    # What these settings do not say of the realms: people, roles, the app's own client.
    "REALM_FILES": {
        "default": [str(PEOPLE / "shop.json")],
        "studio": [str(PEOPLE / "studio.json")],
        "shared": [str(PEOPLE / "shared-services.json")],
    },
    "IMPERSONATION": {
        "REALM": "support",
        "OPERATOR_ROLE": "support",
        "ORDINARY_ROLES": ["customer"],
        "TICKET_PATTERN": r"KILN-[0-9]+",
        "TICKET_HELP": "For example KILN-123.",
        "USER_ADMIN": True,
        "START_URL": "/orders/",
    },
    "AUDIT": {
        "ORIGIN": env.str("AUDIT_ORIGIN", default="shop.example/impersonation"),
        "SIGNING_KEY": env.str("AUDIT_SIGNING_KEY", default=""),
        "VERIFY_KEYS": env.list("AUDIT_VERIFY_KEYS", default=[]),
    },
}
SILENCED_SYSTEM_CHECKS = ["kc_exchange.W003"] if DEBUG else []  # the demo's secrets

AUTHENTICATION_BACKENDS = ["kc_exchange.login.mozilla.KeycloakOIDCBackend"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGIN_REDIRECT_URL_FAILURE = "/login/failed/"
LOGOUT_REDIRECT_URL = "home"
OIDC_CALLBACK_CLASS = "exampleproject.shop.login.CallbackView"
OIDC_AUTHENTICATE_CLASS = "exampleproject.shop.login.LoginView"
OIDC_RP_SCOPES = "openid profile email"
OIDC_USE_PKCE = True
OIDC_OP_LOGOUT_URL_METHOD = "kc_exchange.login.mozilla.provider_logout"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "kc_exchange.drf.KeycloakBearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "NUM_PROXIES": 0,
}
