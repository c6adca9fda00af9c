"""Settings of orders-api."""

from exampleproject.environment import database, logging
from exampleproject.services.settings import *  # noqa: F403 - Django's own idiom
from exampleproject.services.settings import exchange_settings

ROOT_URLCONF = "exampleproject.orders_api.urls"
DATABASES = {"default": database("orders-api")}
LOGGING = logging("orders-api")
KC_EXCHANGE = exchange_settings("orders-api")
