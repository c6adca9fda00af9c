"""Read the settings from environment variables; their names begin with SHOP_."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import environ

ROOT = Path(__file__).resolve().parent.parent

env = environ.Env()
env.prefix = "SHOP_"

DEMO_SECRET_KEY = "demo-secret-key-change-me-0123456789abcdefghijklmnop"
"""Signs the demo's sessions; a site of your own needs its own."""


def database(name: str) -> dict[str, Any]:
    """Return Django's setting for SHOP_DATABASE_URL, by default an SQLite file."""
    url = env.str("DATABASE_URL", default=f"sqlite:///{ROOT / name}.sqlite3")
    found: dict[str, Any] = env.db_url_config(url)
    if found["ENGINE"].endswith("sqlite3"):
        found["OPTIONS"] = {"timeout": 20, "transaction_mode": "IMMEDIATE"}
    return found


def issuer(realm: str = "shop") -> str:
    """Return the issuer URL of a realm: SHOP_ISSUER, or one beside it."""
    shop: str = env.str("ISSUER", default="http://127.0.0.1:8080/realms/shop")
    return _beside(shop, realm).rstrip("/")


def parcel_issuer() -> str:
    """Return the issuer URL of the provider that is nobody's here."""
    usual = "http://127.0.0.1:8009/realms/parcel"
    found: str = env.str("PARCEL_ISSUER", default=usual)
    return found


def realm(client_id: str, name: str = "shop") -> dict[str, Any]:
    """Return one of KC_EXCHANGE's REALMS, from SHOP_ISSUER and SHOP_DISCOVERY_URL."""
    found = {"ISSUER": issuer(name), "CLIENT_ID": client_id}
    inside = env.str("DISCOVERY_URL", default="")
    return {**found, "DISCOVERY_URL": _beside(inside, name)} if inside else found


def _beside(url: str, realm: str) -> str:
    """All realms are of one Keycloak."""
    return url.replace("/realms/shop", f"/realms/{realm}")


def logging(service: str) -> dict[str, Any]:
    """Return Django's LOGGING: a line on stderr for each event, headed by `service`."""
    level = env.str("LOG_LEVEL", default="INFO")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"format": f"{{asctime}} {service:<11} {{message}}", "style": "{"}
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "loggers": {
            name: {"handlers": ["stderr"], "level": level, "propagate": False}
            for name, level in {
                "kc_exchange": level,
                "exampleproject": "WARNING",
                "exampleproject.requests": level,
                "mozilla_django_oidc": "ERROR",
                "django.request": "ERROR",
            }.items()
        },
    }
