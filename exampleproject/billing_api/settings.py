"""Settings of billing-api."""

from exampleproject.environment import database, logging
from exampleproject.services.settings import *  # noqa: F403 - Django's own idiom
from exampleproject.services.settings import exchange_settings

ROOT_URLCONF = "exampleproject.billing_api.urls"
DATABASES = {"default": database("billing-api")}
LOGGING = logging("billing-api")
KC_EXCHANGE = exchange_settings("billing-api")
